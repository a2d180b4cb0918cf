import { GREEDY, plainPhase } from '../protocol/plain-phase.ts';
import type { GenerateRequest } from '../protocol/worker-api.ts';

/** One token: what a worker must be able to make before it gets work. */
export function probeRequest(requestId: string): GenerateRequest {
	return {
		requestId,
		prompt: [{ text: 'Hello', special: false }],
		resume: [],
		phases: [{ ...plainPhase(GREEDY), maxTokens: 1 }],
		maxTokens: 1,
		logprobs: null,
		cacheScope: 'probe',
		keepForNextTurn: null,
	};
}
