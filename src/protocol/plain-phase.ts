import type { Phase, Sampling } from './worker-api.ts';

/** The likeliest token, always. */
export const GREEDY: Sampling = {
	temperature: 0,
	topP: 1,
	topK: 0,
	minP: 0,
	repetitionPenalty: 1,
	presencePenalty: 0,
	frequencyPenalty: 0,
	seed: 0,
	logitBias: [],
};

/** Text that ends where the model ends it: no marks, no limits, no grammar. */
export function plainPhase(sampling: Sampling): Phase {
	return {
		name: 'answer',
		startToken: null,
		endToken: null,
		maxTokens: null,
		softLimitTokens: null,
		maxMs: null,
		closing: null,
		separator: null,
		closesOnLoop: false,
		emptyRetries: 0,
		sampling,
		grammar: null,
	};
}
