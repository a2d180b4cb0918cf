import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../scripts/bench/request-record.ts';
import { summariseRound } from '../../scripts/bench/summarise-round.ts';

function record(changes: Partial<RequestRecord>): RequestRecord {
	return {
		label: 'decode',
		turn: 0,
		startMs: 0,
		firstTokenMs: 100,
		firstAnswerMs: 100,
		endMs: 1000,
		deltaMs: [100, 200, 300],
		promptTokens: 10,
		cachedTokens: 0,
		completionTokens: 3,
		reasoningTokens: 0,
		finishReason: 'length',
		status: 200,
		aborted: false,
		followsAbort: false,
		error: null,
		content: '',
		...changes,
	};
}

function figures(records: RequestRecord[], deadlineMs = 5000) {
	const metrics = summariseRound({ records, startMs: 0, endMs: 1000, generatorCpuMs: 100 }, { deadlineMs });
	return Object.fromEntries(metrics.map((metric) => [metric.name, metric.value]));
}

describe('summariseRound', () => {
	it('counts tokens by usage, and by deltas where a stream was left', () => {
		const found = figures([record({}), record({ aborted: true, completionTokens: null })]);
		expect(found.output).toBe(6);
		expect(found.failed).toBe(0);
		expect(found['generator CPU']).toBe(0.1);
	});

	it('gives time to first token and to first answer token of those that thought', () => {
		const found = figures([record({}), record({ firstAnswerMs: 250 })]);
		expect(found['first token p50']).toBe(100);
		expect(found['first answer token p50']).toBe(250);
	});

	it('measures from turn 2 on apart', () => {
		const found = figures([record({}), record({ turn: 1, firstTokenMs: 20 })]);
		expect(found['first token, turn 2 on p50']).toBe(20);
	});

	it('takes the gaps of decoding streams that touch the prefill of a long prompt', () => {
		const long = record({ label: 'long', startMs: 150, firstTokenMs: 260, deltaMs: [260] });
		const found = figures([record({ deltaMs: [0, 50, 160, 270, 290] }), long]);
		expect(found['inter-token p50']).toBe(80);
		expect(found['inter-token in prefill p50']).toBe(110);
	});

	it('takes cancel-to-free from the request that follows', () => {
		const found = figures([record({ aborted: true }), record({ followsAbort: true, startMs: 60 })]);
		expect(found['cancel to free p50']).toBe(40);
	});

	it('counts as goodput what ended in time and well', () => {
		const found = figures([record({}), record({ endMs: 9000 }), record({ error: 'status 503' })]);
		expect(found.goodput).toBe(1);
		expect(found.failed).toBe(1);
	});
});
