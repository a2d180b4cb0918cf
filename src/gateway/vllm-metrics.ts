import { Counter, Gauge, type Registry } from 'prom-client';
import type { PoolStatus, PoolWorkerStatus } from '../pool/pool-options.ts';

/**
 * What autoscalers and endpoint pickers that were written for vLLM read, under its names: read from the pool when somebody
 * asks. Names and labels as of vLLM 0.11, docs/usage/metrics.
 */
export function addVllmMetrics(registers: Registry[], poolStatus: () => PoolStatus | Promise<PoolStatus>): void {
	const options = (name: string, help: string) => ({ name, help, labelNames: ['model_name'] as const, registers });
	const gauge = (name: string, help: string, read: (model: string, status: PoolStatus) => number) =>
		new Gauge({
			...options(name, help),
			async collect() {
				const status = await poolStatus();
				this.reset();
				for (const model of Object.keys(status.waiting)) this.set({ model_name: model }, read(model, status));
			},
		});
	const counter = (name: string, help: string, read: (worker: PoolWorkerStatus) => number) =>
		new Counter({
			...options(name, help),
			async collect() {
				const status = await poolStatus();
				this.reset();
				for (const model of Object.keys(status.waiting)) this.inc({ model_name: model }, sum(model, status, read));
			},
		});
	gauge('vllm:num_requests_running', 'Requests that hold a slot.', (model, status) =>
		sum(model, status, ({ busySlots }) => busySlots),
	);
	gauge('vllm:num_requests_waiting', 'Requests that wait for a slot.', (model, { waiting }) => waiting[model] ?? 0);
	gauge('vllm:kv_cache_usage_perc', 'Share of the slots that are busy; 1 is all.', (model, status) => {
		const slots = sum(model, status, (worker) => worker.slots);
		return slots === 0 ? 0 : sum(model, status, ({ busySlots }) => busySlots) / slots;
	});
	counter('vllm:prompt_tokens_total', 'Tokens of prompts.', ({ pace }) => pace.promptTokens);
	counter('vllm:generation_tokens_total', 'Tokens generated.', ({ pace }) => pace.completionTokens);
}

function sum(model: string, { workers }: PoolStatus, read: (worker: PoolWorkerStatus) => number): number {
	return workers.reduce((total, worker) => total + (worker.model === model ? read(worker) : 0), 0);
}
