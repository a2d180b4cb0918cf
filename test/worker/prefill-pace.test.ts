import { describe, expect, it } from 'vitest';
import { createPrefillPace } from '../../src/worker/prefill-pace.ts';

const ceilings = { sliceTokens: 256, batchTokens: 512 };
const beside = { decoding: 4, reading: 1 };
const alone = { decoding: 0, reading: 1 };

/** A machine that needs so long for a step. */
function learn(msPerToken: number, decodeMs: number) {
	const pace = createPrefillPace(ceilings);
	pace.observe({ ms: decodeMs, promptTokens: 0, decodes: true });
	for (let step = 0; step < 20; step += 1) {
		const promptTokens = pace.sliceTokens(beside);
		pace.observe({ ms: decodeMs + promptTokens * msPerToken, promptTokens, decodes: true });
	}
	return pace;
}

describe('the pace of prefill', () => {
	it('is the ceiling on a fast machine', () => {
		expect(learn(0.01, 5).sliceTokens(beside)).toBe(256);
		expect(learn(0.01, 5).sliceTokens(alone)).toBe(512);
	});

	it('joins micro-batches as long as a request that arrives hardly waits for it', () => {
		const reads = (msPerToken: number) => {
			const pace = createPrefillPace({ sliceTokens: 64, batchTokens: 256, microBatchTokens: 64 });
			pace.observe({ ms: 64 * msPerToken, promptTokens: 64, decodes: false });
			return [pace.sliceTokens(alone), pace.sliceTokens(beside)];
		};
		expect(reads(0.1)).toEqual([256, 64]);
		expect(reads(0.4)).toEqual([112, 64]);
		expect(reads(2)).toEqual([64, 64]);
	});

	it('keeps a step on a slow machine to about what streams should wait', () => {
		expect(learn(2, 30).sliceTokens(beside)).toBe(48);
		expect(learn(5, 30).sliceTokens(alone)).toBe(400);
	});

	it('reads prompts that arrive together at once while they are more than the streams', () => {
		expect(learn(5, 30).sliceTokens({ decoding: 2, reading: 3 })).toBe(400);
		expect(learn(5, 30).sliceTokens({ decoding: 3, reading: 3 })).toBe(32);
	});

	it('leaves no short rest of prompts that go first, within the ceiling', () => {
		const slice = (reading: number, promptTokens: number) =>
			learn(5, 30).sliceTokens({ decoding: 1, reading, promptTokens });
		expect(slice(3, 500)).toBe(500);
		expect(slice(3, 590)).toBe(512);
		expect(slice(3, 700)).toBe(400);
		expect(slice(1, 40)).toBe(32);
	});

	it('never starves a prompt, however slow the decoding is', () => {
		expect(learn(50, 400).sliceTokens(beside)).toBe(32);
	});

	it('takes less where nobody waits for the prompt', () => {
		expect(learn(50, 400).sliceTokens(beside, 16)).toBe(16);
		expect(learn(1, 30).sliceTokens(beside, 16)).toBe(learn(1, 30).sliceTokens(beside));
	});

	it('begins with a moderate slice, within the ceiling', () => {
		expect(createPrefillPace(ceilings).sliceTokens(alone)).toBe(128);
		expect(createPrefillPace({ sliceTokens: 16, batchTokens: 64 }).sliceTokens(beside)).toBe(16);
	});

	it('learns nothing from a handful of tokens, whose step costs what the weights cost', () => {
		const pace = learn(1, 10);
		const before = pace.sliceTokens(alone);
		pace.observe({ ms: 300, promptTokens: 3, decodes: false });
		pace.observe({ ms: 300, promptTokens: 16, decodes: false });
		expect(pace.sliceTokens(alone)).toBe(before);
	});
});
