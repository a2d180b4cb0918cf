import { describe, expect, it } from 'vitest';
import { planWorkload, type WorkloadOptions, workloadNames } from '../../scripts/bench/workloads.ts';

const options: WorkloadOptions = {
	concurrency: 4,
	requests: null,
	promptTokens: null,
	outputTokens: null,
	arrivalsPerSecond: null,
	wordsFor: (tokens) => tokens,
	seed: 'a:0',
};

describe('planWorkload', () => {
	it.each(workloadNames)('%s is the same for the same seed and has other prompts in another round', (name) => {
		const plan = planWorkload(name, options);
		expect(planWorkload(name, options)).toEqual(plan);
		const other = planWorkload(name, { ...options, seed: 'a:1' });
		expect(other.conversations).toHaveLength(plan.conversations.length);
		expect(other.conversations[0]?.turns[0]?.user).not.toBe(plan.conversations[0]?.turns[0]?.user);
	});

	it.each(workloadNames)('%s shares no prompt between its conversations', (name) => {
		const first = planWorkload(name, options).conversations.map((each) => each.turns[0]?.user);
		expect(new Set(first).size).toBe(first.length);
	});

	it('decode runs one stream a lane', () => {
		const plan = planWorkload('decode', options);
		expect(plan.lanes).toBe(4);
		expect(plan.conversations).toHaveLength(4);
		expect(plan.conversations.every((each) => each.turns[0]?.maxTokens === 256)).toBe(true);
	});

	it('chat shares one system prompt and has six turns with reading time between', () => {
		const plan = planWorkload('chat', options);
		expect(new Set(plan.conversations.map((each) => each.system)).size).toBe(1);
		expect(plan.conversations[0]?.system?.split(' ')).toHaveLength(200);
		expect(plan.conversations[0]?.turns.map((turn) => turn.pauseMs)).toEqual([0, 500, 500, 500, 500, 500]);
		expect(plan.conversations[0]?.turns[0]).toMatchObject({ thinkingTokens: 96, maxTokens: 256 });
	});

	it('mixed decodes in the background while long prompts come', () => {
		const plan = planWorkload('mixed', options);
		expect(plan.conversations.filter((each) => each.background)).toHaveLength(4);
		const long = plan.conversations.filter((each) => !each.background);
		expect(long.every((each) => each.turns[0]?.user.split(' ').length === 2000)).toBe(true);
	});

	it('burst starts everything at once', () => {
		expect(planWorkload('burst', options).conversations.every((each) => each.startMs === 0)).toBe(true);
	});

	it('abort leaves a third of its requests', () => {
		const turns = planWorkload('abort', options).conversations.flatMap((each) => each.turns);
		expect(turns.filter((turn) => turn.abortAfterDeltas !== null)).toHaveLength(turns.length / 3);
	});

	it('an arrival rate turns lanes into arrivals that only grow', () => {
		const starts = planWorkload('decode', { ...options, requests: 50, arrivalsPerSecond: 10 }).conversations.map(
			(each) => each.startMs ?? -1,
		);
		expect(starts).toEqual([...starts].sort((a, b) => a - b));
		const meanMs = (starts.at(-1) ?? 0) / (starts.length - 1);
		expect(meanMs).toBeGreaterThan(70);
		expect(meanMs).toBeLessThan(130);
	});
});
