import { describe, expect, it } from 'vitest';
import { createPrefillPace } from '../../src/worker/prefill-pace.ts';

const ceilings = { sliceTokens: 256, batchTokens: 512 };

/** A machine that needs so long for a step. */
function learn(msPerToken: number, decodeMs: number) {
	const pace = createPrefillPace(ceilings);
	pace.observe({ ms: decodeMs, promptTokens: 0, decodes: true });
	for (let step = 0; step < 20; step += 1) {
		const promptTokens = pace.sliceTokens(true);
		pace.observe({ ms: decodeMs + promptTokens * msPerToken, promptTokens, decodes: true });
	}
	return pace;
}

describe('the pace of prefill', () => {
	it('is the ceiling on a fast machine', () => {
		expect(learn(0.01, 5).sliceTokens(true)).toBe(256);
		expect(learn(0.01, 5).sliceTokens(false)).toBe(512);
	});

	it('keeps a step on a slow machine to about what streams should wait', () => {
		expect(learn(2, 30).sliceTokens(true)).toBe(60);
		expect(learn(2, 30).sliceTokens(false)).toBe(300);
	});

	it('never starves a prompt, however slow the decoding is', () => {
		expect(learn(50, 400).sliceTokens(true)).toBe(32);
	});

	it('begins with a moderate slice, within the ceiling', () => {
		expect(createPrefillPace(ceilings).sliceTokens(false)).toBe(128);
		expect(createPrefillPace({ sliceTokens: 16, batchTokens: 64 }).sliceTokens(true)).toBe(16);
	});

	it('learns nothing from a handful of tokens, whose step costs what the weights cost', () => {
		const pace = learn(1, 10);
		const before = pace.sliceTokens(false);
		pace.observe({ ms: 300, promptTokens: 3, decodes: false });
		expect(pace.sliceTokens(false)).toBe(before);
	});
});
