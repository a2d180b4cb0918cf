import { randomInt } from 'node:crypto';
import type { Sampling } from '../protocol/worker-api.ts';
import type { NativeGrammarState, NativeSamplerConfig } from './binding.ts';

/** llama.h: with this seed llama.cpp draws one of its own. */
const LLAMA_DEFAULT_SEED = 0xffffffff;
/** Ring of llama.cpp's penalty sampler: the phase's own tokens, as far back as this. */
const PENALTY_WINDOW_TOKENS = 1024;

/**
 * Our sampling as the addon's. Its chain is fixed: bias, penalties, top-k, top-p, min-p, temperature, draw (as in
 * llama-server, so top-p sees logits before temperature). Left out means off: `topK: 0` would sort the vocabulary.
 * The draw's random state lives on while the seed stays the same, also across phases.
 */
export function toSamplerConfig(
	sampling: Sampling,
	options: {
		seed: number;
		/** Tokens of this phase so far; penalties see nothing else. */
		history: readonly number[];
		grammar: NativeGrammarState | null;
		/** Tokens that must not be drawn now. */
		banned: readonly number[];
	},
): NativeSamplerConfig {
	const config: NativeSamplerConfig = {
		temperature: sampling.temperature,
		seed: Math.min(options.seed, LLAMA_DEFAULT_SEED - 1),
	};
	if (sampling.topK > 0) config.topK = sampling.topK;
	if (sampling.topP < 1) config.topP = sampling.topP;
	if (sampling.minP > 0) config.minP = sampling.minP;
	if (hasPenalties(sampling)) {
		config.repeatPenalty = sampling.repetitionPenalty;
		config.repeatPenaltyPresencePenalty = sampling.presencePenalty;
		config.repeatPenaltyFrequencyPenalty = sampling.frequencyPenalty;
		config.repeatPenaltyMaxTokens = PENALTY_WINDOW_TOKENS;
		config.repeatPenaltyTokens = Uint32Array.from(options.history.slice(-PENALTY_WINDOW_TOKENS));
	}
	if (sampling.logitBias.length + options.banned.length > 0) {
		const biases = new Map<number, number>(sampling.logitBias);
		for (const id of options.banned) biases.set(id, Number.NEGATIVE_INFINITY);
		config.tokenBiasKeys = Uint32Array.from(biases.keys());
		config.tokenBiasValues = Float32Array.from(biases.values());
	}
	if (options.grammar !== null) config.grammarEvaluationState = options.grammar;
	return config;
}

/** Forgets a former generation: a seed that differs makes the addon drop its random state. */
export function resetConfig(seed: number): NativeSamplerConfig {
	return { seed: (Math.min(seed, LLAMA_DEFAULT_SEED - 1) ^ 1) >>> 0 };
}

function hasPenalties(sampling: Sampling): boolean {
	return sampling.repetitionPenalty !== 1 || sampling.presencePenalty !== 0 || sampling.frequencyPenalty !== 0;
}

export function drawSeed(sampling: Sampling): number {
	return sampling.seed ?? randomInt(LLAMA_DEFAULT_SEED);
}
