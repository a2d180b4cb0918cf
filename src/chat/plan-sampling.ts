import type { ChatRequest } from '../protocol/chat-request.ts';
import type { Sampling } from '../protocol/worker-api.ts';

/** Used where a request is silent. */
export type SamplingDefaults = {
	temperature: number;
	topP: number;
	topK: number;
	minP: number;
	repetitionPenalty: number;
};

/** What a request of any endpoint may say about sampling. */
export type SamplingRequest = Pick<
	ChatRequest,
	| 'temperature'
	| 'top_p'
	| 'top_k'
	| 'min_p'
	| 'repetition_penalty'
	| 'repeat_penalty'
	| 'presence_penalty'
	| 'frequency_penalty'
	| 'seed'
	| 'logit_bias'
> & { reasoning?: ChatRequest['reasoning'] };

/** Sampling of each phase. The thought may have its own temperature and top-p; logit bias acts on the answer alone. */
export function planSampling(
	request: SamplingRequest,
	defaults: SamplingDefaults,
): { reasoning: Sampling; answer: Sampling } {
	const answer: Sampling = {
		temperature: request.temperature ?? defaults.temperature,
		topP: request.top_p ?? defaults.topP,
		topK: Math.max(0, request.top_k ?? defaults.topK),
		minP: request.min_p ?? defaults.minP,
		repetitionPenalty: request.repetition_penalty ?? request.repeat_penalty ?? defaults.repetitionPenalty,
		presencePenalty: request.presence_penalty ?? 0,
		frequencyPenalty: request.frequency_penalty ?? 0,
		seed: request.seed ?? null,
		logitBias: Object.entries(request.logit_bias ?? {}).map(([token, bias]) => [Number(token), bias]),
	};
	const reasoning: Sampling = {
		...answer,
		temperature: request.reasoning?.temperature ?? answer.temperature,
		topP: request.reasoning?.top_p ?? answer.topP,
		logitBias: [],
	};
	return { reasoning, answer };
}
