import { describe, expect, it } from 'vitest';
import { initialPace, measurePace } from '../../src/pool/worker-pace.ts';
import { WorkerRecord } from '../../src/pool/worker-record.ts';

describe('measurePace', () => {
	const sample = { promptTokens: 110, cachedTokens: 10, completionTokens: 11, prefillMs: 200, decodeMs: 50 };

	it('measures what was evaluated, not what was cached', () => {
		expect(measurePace(initialPace, sample)).toEqual({
			prefillMsPerToken: 2,
			decodeMsPerToken: 5,
			promptTokens: 110,
			cachedTokens: 10,
			completionTokens: 11,
		});
	});

	it('follows a change, and learns nothing of speed from what is short', () => {
		let pace = measurePace(initialPace, sample);
		for (let index = 0; index < 40; index += 1) pace = measurePace(pace, { ...sample, decodeMs: 100 });
		expect(pace.decodeMsPerToken).toBeCloseTo(10, 2);
		const after = measurePace(pace, {
			...sample,
			promptTokens: 12,
			completionTokens: 2,
			prefillMs: 9999,
			decodeMs: 9999,
		});
		expect([after.prefillMsPerToken, after.decodeMsPerToken]).toEqual([pace.prefillMsPerToken, pace.decodeMsPerToken]);
	});
});

describe('WorkerRecord', () => {
	it('trusts a new worker, and one that failed only as far as it succeeds', () => {
		const record = new WorkerRecord();
		record.becameReady(false);
		expect(record.trusted).toBe(Number.POSITIVE_INFINITY);
		record.becameReady(true);
		const rounds = [1, 2, 3].map(() => {
			const running = record.trusted;
			for (let index = 0; index < running; index += 1) record.firstToken();
			return running;
		});
		expect(rounds).toEqual([1, 2, 4]);
	});
});
