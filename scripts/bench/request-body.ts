import type { Turn } from './workloads.ts';

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

export type BodyOptions = {
	model: string;
	stream: boolean;
	seed: number;
	/** Ids that must not be generated in the answer: end of generation, so that every answer has its full length. */
	bannedTokens: readonly number[];
	/** Merged over everything else. */
	extra: Readonly<Record<string, unknown>>;
};

/**
 * Spelled so that retort and llama-server do the same work: explicit sampling, the budget in llama-server's dialect
 * (which retort knows), no thought by the template's own switch.
 */
export function requestBody(turn: Turn, messages: readonly ChatMessage[], options: BodyOptions): string {
	const thinking =
		turn.thinkingTokens === null
			? { chat_template_kwargs: { enable_thinking: false } }
			: { reasoning_budget_tokens: turn.thinkingTokens };
	const banned =
		options.bannedTokens.length === 0
			? {}
			: { logit_bias: Object.fromEntries(options.bannedTokens.map((id) => [String(id), -100])) };
	return JSON.stringify({
		model: options.model,
		messages,
		max_tokens: turn.maxTokens,
		temperature: 0.6,
		top_p: 0.95,
		top_k: 40,
		min_p: 0,
		seed: options.seed,
		...(options.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
		...thinking,
		...banned,
		...options.extra,
	});
}
