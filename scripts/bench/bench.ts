import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { calibrateWords } from './calibrate.ts';
import { sequenceFault } from './check-sequence.ts';
import { compareRounds, type Row } from './compare.ts';
import type { BenchOptions } from './options.ts';
import { type RoundResult, runPlan } from './run-plan.ts';
import { type Metric, summariseRound } from './summarise-round.ts';
import { openTarget, type Target } from './target.ts';
import { planWorkload } from './workloads.ts';

export type BenchReport = {
	date: string;
	machine: { cpu: string; cores: number; node: string };
	options: BenchOptions;
	targets: { label: string; origin: string; model: string; rounds: Metric[][] }[];
	rows: Row[];
	/** Requests that went wrong, each kind once, with its count. */
	errors: Record<string, number>;
};

/** Runs all rounds, the two targets in turn, the first one changing from round to round. */
export async function bench(
	options: BenchOptions,
	apiKey: string | null,
	note: (line: string) => void,
): Promise<BenchReport> {
	const connections = options.concurrency * 2 + 8;
	const open = (label: string, address: string, model: string | null) =>
		openTarget(label, address, { model, connections, apiKey });
	const targets = [await open('target', options.target, options.model)];
	if (options.against !== null)
		targets.push(await open('against', options.against, options['against-model'] ?? options.model));
	const [main] = targets;
	if (main === undefined) return Promise.reject(new TypeError('no target'));
	const wordsFor = options.workload === 'gateway' ? (tokens: number) => tokens : await calibrateWords(main);
	const rounds = new Map(targets.map((target) => [target, [] as Metric[][]]));
	const errors: Record<string, number> = {};

	for (let round = -options.warmup; round < options.rounds; round += 1) {
		for (const target of round % 2 === 0 ? targets : [...targets].reverse()) {
			const result = await runRound(target, options, round, wordsFor);
			const metrics = summariseRound(result, { deadlineMs: options['deadline-ms'] });
			countErrors(target, result, options, errors);
			if (round >= 0) rounds.get(target)?.push(metrics);
			const rate = metrics.find((metric) => metric.name === 'output')?.value ?? 0;
			note(`round ${round < 0 ? 'warm-up' : round + 1} ${target.label}: ${rate.toFixed(1)} tok/s`);
			await delay(options['rest-ms']);
		}
	}
	await Promise.all(targets.map((target) => target.pool.destroy()));
	const [own = [], other = null] = targets.map((target) => rounds.get(target) ?? []);
	return {
		date: new Date().toISOString(),
		machine: { cpu: cpus()[0]?.model.trim() ?? '', cores: cpus().length, node: process.version },
		options,
		targets: targets.map((target) => ({
			label: target.label,
			origin: target.origin,
			model: target.model,
			rounds: rounds.get(target) ?? [],
		})),
		rows: compareRounds(own, other),
		errors,
	};
}

/** Both targets get the same prompts in a round, and no round those of another. */
function runRound(
	target: Target,
	options: BenchOptions,
	round: number,
	wordsFor: (tokens: number) => number,
): Promise<RoundResult> {
	const plan = planWorkload(options.workload, {
		concurrency: options.concurrency,
		requests: options.requests,
		promptTokens: options['prompt-tokens'],
		outputTokens: options['output-tokens'],
		arrivalsPerSecond: options.rate,
		wordsFor,
		seed: `${options.seed}:${round}`,
	});
	return runPlan(target, plan, {
		stream: options.workload !== 'whole',
		seed: 1000 * (round + options.warmup + 1),
		bannedTokens: options['ban-tokens'],
		extra: options.body,
		keepsContent: options['check-sequence'],
	});
}

function countErrors(target: Target, result: RoundResult, options: BenchOptions, errors: Record<string, number>): void {
	for (const record of result.records) {
		const fault =
			options['check-sequence'] && record.error === null && !record.aborted
				? sequenceFault(record.content, record.completionTokens ?? 0)
				: null;
		const error = record.error ?? fault;
		if (error === null) continue;
		const key = `${target.label}: ${error}`;
		errors[key] = (errors[key] ?? 0) + 1;
	}
}
