import type { FinishReason, ReasoningState } from '../protocol/chat-response.ts';
import type { TokenLogprob } from '../protocol/worker-api.ts';
import type { Vote } from './consensus.ts';

export type TokenUsage = {
	promptTokens: number;
	/** Of the prompt, those that were in the KV cache. */
	cachedTokens: number;
	/** All that was generated or forced, reasoning included. */
	completionTokens: number;
	reasoningTokens: number;
};

/** How the thought ended; on the wire `reasoning_status`. */
export type ReasoningOutcome = {
	state: ReasoningState;
	tokens: number;
	ms: number;
	/** The budget that applied, from whichever bound was the smallest; null for none. */
	budgetTokens: number | null;
	/** Thoughts that came back empty and were begun again. */
	emptyRetries: number;
	/** Times that another worker went on with the generation in its middle; absent for none. */
	resumes?: number;
	/** Where several samples were asked for: how they voted, most first. */
	votes?: Vote[];
};

/**
 * One choice of one answer, on its way to any of the wire formats. `start` comes first and once, `finish` last and
 * once; a stream that ends without `finish` has failed and threw. A delta's text is empty only where it brings the
 * log-probabilities of a token whose text is out already.
 */
export type ChatEvent =
	| { type: 'start'; promptTokens: number; cachedTokens: number }
	| { type: 'progress'; evaluatedTokens: number; totalTokens: number }
	| { type: 'reasoning-delta'; text: string; logprobs: TokenLogprob[] | null }
	| { type: 'content-delta'; text: string; logprobs: TokenLogprob[] | null }
	| { type: 'tool-call-start'; index: number; id: string; name: string }
	| { type: 'tool-call-delta'; index: number; arguments: string }
	| { type: 'finish'; finishReason: FinishReason; usage: TokenUsage; reasoning: ReasoningOutcome };
