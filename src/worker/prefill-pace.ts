import { ROWS } from './batch-plan.ts';

/** What one step was. */
export type StepCost = { ms: number; promptTokens: number; decodes: boolean };

/** Who a step is for: streams that decode, and prompts that are read, with so many tokens to go in all. */
export type StepStreams = { decoding: number; reading: number; promptTokens?: number };

export type PrefillPace = {
	/** Prompt tokens that one step may take now, `least` however long that takes. */
	sliceTokens(streams: StepStreams, least?: number): number;
	/** What one of them takes; null until one was read. */
	readonly promptTokenMs: number | null;
	observe(step: StepCost): void;
};

/** What a decoding stream waits for its next token while prompts are read. */
export const TARGET_STEP_MS = 150;
/** With hardly anybody decoding, what a client that leaves, or a request that arrives, waits for. */
const TARGET_ALONE_MS = 2000;
/** Below this the weights are read for too little work. */
const LEAST_TOKENS = 2 * ROWS;
/** Prompts that go first are not left with less than this share of a slice for a step of its own. */
const LEAST_REST = 0.5;
/** Until the machine is known. */
const FIRST_TOKENS = 128;
const NEWEST_WEIGHT = 0.3;
/** Micro-batches follow each other without JavaScript up to this: what comes between two of them is nothing against it. */
const JOINED_MS = 50;

/** Prompt tokens of a step, at most: beside decoding streams, all that a batch holds, and what is computed of it at once. */
type Ceilings = { sliceTokens: number; batchTokens: number; microBatchTokens?: number };

/**
 * How much of a prompt goes into a step, so that the step takes about as long as decoding streams should wait: learned
 * from the steps before. Where more prompts wait than streams decode, the prompts go first: what arrives together begins
 * together, and is then one batch. On a GPU the ceiling holds; on two cores a slice of 256 tokens would be seconds.
 */
export function createPrefillPace({
	sliceTokens: besideStreams,
	batchTokens,
	microBatchTokens = batchTokens,
}: Ceilings): PrefillPace {
	let msPerPromptToken: number | null = null;
	let decodeMs = 0;

	const mix = (old: number, value: number) => old + (value - old) * NEWEST_WEIGHT;

	function targetMs({ decoding, reading }: StepStreams): number {
		return reading > decoding ? TARGET_ALONE_MS : TARGET_STEP_MS - decodeMs;
	}

	return {
		get promptTokenMs() {
			return msPerPromptToken;
		},
		sliceTokens(streams, least = LEAST_TOKENS) {
			const { decoding, reading, promptTokens = 0 } = streams;
			const perToken = msPerPromptToken;
			if (perToken === null) return Math.min(decoding >= reading ? besideStreams : batchTokens, FIRST_TOKENS);
			const within = (ms: number) => wholeRows(ms / Math.max(perToken, 1e-6));
			const joined = Math.min(batchTokens, Math.max(microBatchTokens, within(JOINED_MS)));
			const ceiling = decoding >= reading ? besideStreams : joined;
			const tokens = Math.max(least, within(targetMs(streams)));
			const takesRest = reading > decoding && promptTokens <= tokens * (1 + LEAST_REST);
			return Math.min(ceiling, takesRest ? Math.max(tokens, promptTokens) : tokens);
		},
		observe({ ms, promptTokens, decodes }) {
			if (promptTokens === 0) {
				decodeMs = decodeMs === 0 ? ms : mix(decodeMs, ms);
				return;
			}
			// A few tokens cost what reading the weights costs; a whole batch would be judged by that.
			if (promptTokens < (msPerPromptToken === null ? LEAST_TOKENS / 2 : LEAST_TOKENS)) return;
			const perToken = Math.max(0, ms - (decodes ? decodeMs : 0)) / promptTokens;
			msPerPromptToken = msPerPromptToken === null ? perToken : mix(msPerPromptToken, perToken);
		},
	};
}

function wholeRows(tokens: number): number {
	return tokens - (tokens % ROWS);
}
