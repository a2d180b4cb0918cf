import type { ChatRequest } from '../protocol/chat-request.ts';
import type { KeyOverrides, ReasoningDefaults } from './plan-generation.ts';
import type { ReasoningControls } from './reasoning-controls.ts';

export type ReasoningBudget = {
	/** From here on the thought closes at the next sentence end; null for no bound, 0 for no thought. */
	budgetTokens: number | null;
	/** Here it closes wherever it is: the budget and its grace. */
	hardLimitTokens: number | null;
	/** Kept for the answer. */
	reserveTokens: number;
};

/** Fewer do not make a sentence. */
const SENTENCE_TOKENS = 16;
/** A JSON document or a call cut in its middle is worth nothing. */
const STRUCTURE_TOKENS = 128;
/** `</think>` and its newlines. */
const MARK_TOKENS = 4;

/**
 * How much of a request the thought may take. Where neither request nor context bounds the whole there is nothing to
 * keep a share of, and the worker's own reserve has to do. The prompt's length is not known here: a request that
 * leaves the context as its only bound is planned as if the prompt were empty, and the worker, which counts it,
 * holds the reserve.
 */
export function planBudget(input: {
	request: ChatRequest;
	controls: ReasoningControls;
	maxTokens: number | null;
	contextTokens: number | null;
	defaults: { reasoning: ReasoningDefaults };
	key: KeyOverrides | null;
}): ReasoningBudget {
	const { controls, request, key } = input;
	const defaults = input.defaults.reasoning;
	const total = smallest(input.maxTokens, input.contextTokens);
	const reserveTokens = planReserve(request, total, defaults.answerReserveTokens);
	const grace = 1 + defaults.graceShare;
	const overhead = estimateTokens(defaults.closing) + MARK_TOKENS;
	const available = total === null ? null : Math.max(0, Math.floor((total - reserveTokens - overhead) / grace));

	const share = controls.effort === undefined ? null : defaults.effort[controls.effort];
	const asked = smallest(
		controls.budgetTokens ?? null,
		share === null || available === null ? null : Math.floor(share * available),
	);
	const isSilent = controls.budgetTokens === undefined && controls.effort === undefined;
	const budgetTokens = smallest(
		isSilent ? (key?.defaultThinkingTokens ?? defaults.defaultMaxTokens) : asked,
		available,
		defaults.maxTokens,
		key?.maxThinkingTokens ?? null,
	);
	return {
		budgetTokens,
		hardLimitTokens: budgetTokens === null ? null : budgetTokens + Math.ceil(budgetTokens * defaults.graceShare),
		reserveTokens,
	};
}

function planReserve(request: ChatRequest, total: number | null, configured: number): number {
	const isStructured =
		(request.response_format?.type ?? 'text') !== 'text' ||
		request.tool_choice === 'required' ||
		typeof request.tool_choice === 'object';
	const half = total === null ? configured : Math.floor(total / 2);
	const floor = Math.min(isStructured ? STRUCTURE_TOKENS : SENTENCE_TOKENS, total ?? Number.POSITIVE_INFINITY);
	return Math.max(floor, Math.min(half, configured));
}

/** Of a short phrase, from above: the tokenizer is the worker's. */
function estimateTokens(text: string): number {
	return Math.ceil(Buffer.byteLength(text) / 2);
}

function smallest(...bounds: (number | null)[]): number | null {
	const known = bounds.filter((bound) => bound !== null);
	return known.length === 0 ? null : Math.min(...known);
}
