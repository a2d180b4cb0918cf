import type { ReasoningStatus, Usage } from '../protocol/chat-response.ts';
import type { ReasoningOutcome, TokenUsage } from './chat-event.ts';

export function encodeUsage(usage: TokenUsage): Usage {
	return {
		prompt_tokens: usage.promptTokens,
		completion_tokens: usage.completionTokens,
		total_tokens: usage.promptTokens + usage.completionTokens,
		prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
		completion_tokens_details: {
			reasoning_tokens: usage.reasoningTokens,
			audio_tokens: 0,
			accepted_prediction_tokens: 0,
			rejected_prediction_tokens: 0,
		},
		prompt_cache_hit_tokens: usage.cachedTokens,
		prompt_cache_miss_tokens: usage.promptTokens - usage.cachedTokens,
	};
}

export function encodeReasoningStatus(outcome: ReasoningOutcome): ReasoningStatus {
	return {
		state: outcome.state,
		tokens: outcome.tokens,
		ms: Math.round(outcome.ms),
		budget_tokens: outcome.budgetTokens,
		...(outcome.votes === undefined ? {} : { votes: outcome.votes }),
		...(outcome.emptyRetries > 0 ? { empty_retries: outcome.emptyRetries } : {}),
		...(outcome.resumes === undefined ? {} : { resumes: outcome.resumes }),
	};
}

/** Of all choices together: one prompt, which the first of them found in the cache as far as it was there. */
export function sumUsage(usages: readonly TokenUsage[]): TokenUsage {
	const [first, ...others] = usages;
	if (first === undefined) return { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
	return others.reduce(
		(sum, usage) => ({
			promptTokens: Math.max(sum.promptTokens, usage.promptTokens),
			cachedTokens: Math.min(sum.cachedTokens, usage.cachedTokens),
			completionTokens: sum.completionTokens + usage.completionTokens,
			reasoningTokens: sum.reasoningTokens + usage.reasoningTokens,
		}),
		first,
	);
}
