import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Config } from '../config/schema.ts';
import type { PoolObserver } from '../pool/pool-observer.ts';
import type { PoolStatus, PoolWorkerStatus } from '../pool/pool-options.ts';
import type { GenerationSummary } from './generation-meter.ts';
import { createReasoningMetrics } from './reasoning-metrics.ts';
import type { EndedThought } from './thought-meter.ts';
import { addVllmMetrics } from './vllm-metrics.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const TOKEN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 10];

export type GatewayMetrics = ReturnType<typeof createMetrics>;

/**
 * One registry an app. Labels are closed sets only: route patterns, statuses, served models, workers. Nothing that a
 * client can make up becomes a series.
 */
export function createMetrics() {
	const registry = new Registry();
	const registers = [registry];
	const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
		new Counter({ name, help, labelNames, registers });
	const histogram = <Label extends string>(name: string, help: string, labelNames: Label[], buckets = SECONDS) =>
		new Histogram({ name, help, labelNames, buckets, registers });

	const requests = counter('retort_requests_total', 'Requests answered.', ['route', 'status', 'model']);
	const seconds = histogram('retort_request_seconds', 'From the request to the end of its answer.', ['route']);
	const retries = counter('retort_client_retries_total', 'Requests that an SDK said it sent again.', ['route']);
	const idempotent = counter('retort_idempotent_requests_total', 'Requests with an Idempotency-Key.', [
		'route',
		'outcome',
	]);
	const generations = counter('retort_generations_total', 'Generations by how they ended.', ['model', 'outcome']);
	const embeddings = counter('retort_embeddings_total', 'Embeddings made.', ['model']);
	const queueWait = histogram('retort_queue_wait_seconds', 'From admission until a slot was held.', ['model']);
	const firstToken = histogram('retort_time_to_first_token_seconds', 'Until the first text.', ['model']);
	const firstAnswer = histogram('retort_time_to_first_answer_token_seconds', 'Until the first answer text.', ['model']);
	const interToken = histogram('retort_inter_token_seconds', 'Between two tokens.', ['model'], TOKEN_SECONDS);
	const tokens = {
		prompt: counter('retort_prompt_tokens_total', 'Tokens of prompts.', ['model']),
		cached: counter('retort_cached_tokens_total', 'Prompt tokens that were in the cache.', ['model']),
		completion: counter('retort_completion_tokens_total', 'Tokens generated, reasoning included.', ['model']),
	};
	const reasoning = createReasoningMetrics(registers);
	const retried = counter('retort_retries_total', 'Requests that lost their worker and ran again.', ['model']);
	const rejected = counter('retort_rejections_total', 'Requests turned away before they ran.', ['model', 'code']);
	const deaths = counter('retort_worker_deaths_total', 'Workers that died or were killed.', ['model']);
	const refused = counter('retort_worker_refusals_total', 'Workers that answer and must not serve here.', ['model']);
	const loading = histogram('retort_worker_load_seconds', 'From the start of a worker until it is ready.', ['model']);
	new Gauge({
		name: 'process_resident_memory_bytes',
		help: 'Resident memory of the gateway, all its processes together.',
		registers,
		collect() {
			this.set(process.memoryUsage.rss());
		},
	});
	const poolObserver: PoolObserver = {
		queueWaited: ({ model, waitMs }) => queueWait.observe({ model }, waitMs / 1000),
		rejected: ({ model, code }) => rejected.inc({ model, code: code ?? 'none' }),
		retried: ({ model }) => retried.inc({ model }),
		workerDied: ({ model }) => deaths.inc({ model }),
		workerRefused: ({ model }) => refused.inc({ model }),
		workerReady: ({ model, loadMs }) => loading.observe({ model }, loadMs / 1000),
	};

	return {
		registry,
		/** For the pool's options: what only the pool sees. */
		poolObserver,
		watchPool(status: () => PoolStatus | Promise<PoolStatus>, { vllmNames }: Config['metrics']): void {
			addPoolGauges(registers, status);
			if (vllmNames) addVllmMetrics(registers, status);
		},
		requestEnded(request: { route: string; status: number; model: string; seconds: number; isRetry: boolean }): void {
			requests.inc({ route: request.route, status: String(request.status), model: request.model });
			seconds.observe({ route: request.route }, request.seconds);
			if (request.isRetry) retries.inc({ route: request.route });
		},
		idempotentRequest(route: string, outcome: 'first' | 'repeated' | 'refused'): void {
			idempotent.inc({ route, outcome });
		},
		/** Bound to its label once: what it is told comes with every token. */
		tokenGaps(model: string): (gapSeconds: number) => void {
			const ofModel = interToken.labels({ model });
			return (gapSeconds) => ofModel.observe(gapSeconds);
		},
		embeddingsMade(model: string, count: number, promptTokens: number): void {
			embeddings.inc({ model }, count);
			tokens.prompt.inc({ model }, promptTokens);
		},
		generationEnded(
			who: { model: string; keyId: string | null },
			outcome: string,
			summary: GenerationSummary,
			thought: EndedThought | null,
		): void {
			const { model } = who;
			reasoning.generationEnded(who, summary, thought);
			generations.inc({ model, outcome });
			const observe = (metric: Histogram<'model'>, ms: number | null) => {
				if (ms !== null) metric.observe({ model }, ms / 1000);
			};
			observe(firstToken, summary.firstTokenMs);
			observe(firstAnswer, summary.firstAnswerMs);
			tokens.prompt.inc({ model }, summary.promptTokens);
			tokens.cached.inc({ model }, summary.cachedTokens);
			tokens.completion.inc({ model }, summary.completionTokens);
		},
	};
}

/** Read from the pool when somebody asks, so that there is no second copy of its state to keep in step. */
function addPoolGauges(registers: Registry[], poolStatus: () => PoolStatus | Promise<PoolStatus>): void {
	const byWorker = (name: string, help: string, read: (worker: PoolWorkerStatus) => number) =>
		new Gauge({
			name,
			help,
			labelNames: ['model', 'worker'],
			registers,
			async collect() {
				const { workers } = await poolStatus();
				this.reset();
				for (const worker of workers) {
					this.set({ model: worker.model, worker: worker.id }, read(worker));
				}
			},
		});
	byWorker('retort_slots', 'Slots of a worker.', (worker) => worker.slots);
	byWorker('retort_slots_busy', 'Slots that run a request.', (worker) => worker.busySlots);
	byWorker('retort_worker_restarts', 'Starts of a worker after its first.', (worker) => worker.restarts);
	byWorker('retort_worker_resident_bytes', 'Resident memory of a worker.', (worker) => worker.rssBytes);
	byWorker('retort_parked_bytes', 'Caches of conversations that gave up their slot.', ({ prefixCache }) => {
		return prefixCache?.parkedBytes ?? 0;
	});
	new Gauge({
		name: 'retort_prefix_moves',
		help: 'Prefixes copied between slots, parked, restored, and evicted from where they were parked.',
		labelNames: ['model', 'worker', 'move'],
		registers,
		async collect() {
			const { workers } = await poolStatus();
			this.reset();
			for (const { model, id, prefixCache } of workers) {
				for (const move of ['copied', 'parked', 'restored', 'evicted'] as const) {
					this.set({ model, worker: id, move }, prefixCache?.[move] ?? 0);
				}
			}
		},
	});
	new Gauge({
		name: 'retort_worker_state',
		help: '1 for the state that a worker is in.',
		labelNames: ['model', 'worker', 'state'],
		registers,
		async collect() {
			const { workers } = await poolStatus();
			this.reset();
			for (const { model, id, state } of workers) this.set({ model, worker: id, state }, 1);
		},
	});
	new Gauge({
		name: 'retort_queue_length',
		help: 'Requests that wait for a slot.',
		registers,
		async collect() {
			this.set((await poolStatus()).queueLength);
		},
	});
}
