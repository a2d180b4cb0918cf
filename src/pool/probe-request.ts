import type { GenerateRequest } from '../protocol/worker-api.ts';

/** One token: what a worker must be able to make before it gets work. */
export function probeRequest(requestId: string): GenerateRequest {
	return {
		requestId,
		prompt: [{ text: 'Hello', special: false }],
		resume: [],
		phases: [
			{
				name: 'answer',
				startToken: null,
				endToken: null,
				maxTokens: 1,
				softLimitTokens: null,
				maxMs: null,
				closing: null,
				separator: null,
				closesOnLoop: false,
				emptyRetries: 0,
				sampling: {
					temperature: 0,
					topP: 1,
					topK: 0,
					minP: 0,
					repetitionPenalty: 1,
					presencePenalty: 0,
					frequencyPenalty: 0,
					seed: 0,
					logitBias: [],
				},
				grammar: null,
			},
		],
		maxTokens: 1,
		logprobs: null,
		cacheScope: 'probe',
		keepForNextTurn: null,
	};
}
