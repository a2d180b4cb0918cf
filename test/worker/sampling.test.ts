import { describe, expect, it } from 'vitest';
import { drawSeed, resetConfig, toSamplerConfig } from '../../src/worker/sampling.ts';
import { sampling } from './support/engine.ts';

const plain = { seed: 5, history: [], grammar: null, banned: [] };

describe("the addon's sampler settings", () => {
	it('leave out what is off, so that nothing sorts the vocabulary for it', () => {
		expect(toSamplerConfig(sampling(), plain)).toEqual({ temperature: 0, seed: 5 });
		expect(toSamplerConfig(sampling({ temperature: 0.6, topP: 0.95, topK: 40, minP: 0.1 }), plain)).toEqual({
			temperature: 0.6,
			topP: 0.95,
			topK: 40,
			minP: 0.1,
			seed: 5,
		});
	});

	it('penalise the tokens of the phase alone, the last 1024 at most', () => {
		const history = Array.from({ length: 2000 }, (_, n) => n);
		const config = toSamplerConfig(sampling({ presencePenalty: 1, frequencyPenalty: 0.5, repetitionPenalty: 1.1 }), {
			...plain,
			history,
		});
		expect(config).toMatchObject({
			repeatPenalty: 1.1,
			repeatPenaltyPresencePenalty: 1,
			repeatPenaltyFrequencyPenalty: 0.5,
		});
		expect(config.repeatPenaltyTokens).toEqual(Uint32Array.from(history.slice(976)));
	});

	it('join bias and bans, a ban above a bias', () => {
		const biased = sampling({
			logitBias: [
				[3, 2],
				[4, -1],
			],
		});
		const config = toSamplerConfig(biased, { ...plain, banned: [4, 9] });
		expect([...(config.tokenBiasKeys ?? [])]).toEqual([3, 4, 9]);
		expect([...(config.tokenBiasValues ?? [])]).toEqual([2, -Infinity, -Infinity]);
	});

	it('forget a former generation by another seed', () => {
		for (const seed of [0, 1, 0xfffffffe, 0xffffffff]) {
			expect(resetConfig(seed).seed).not.toBe(toSamplerConfig(sampling(), { ...plain, seed }).seed);
			expect(resetConfig(seed).seed).toBeGreaterThanOrEqual(0);
		}
	});

	it("never use llama.cpp's own mark for a random seed", () => {
		expect(toSamplerConfig(sampling(), { ...plain, seed: 0xffffffff }).seed).toBe(0xfffffffe);
	});

	it('draw a seed only where none is given', () => {
		expect(drawSeed(sampling({ seed: 0 }))).toBe(0);
		const drawn = new Set(Array.from({ length: 20 }, () => drawSeed(sampling({ seed: null }))));
		expect(drawn.size).toBeGreaterThan(1);
	});
});
