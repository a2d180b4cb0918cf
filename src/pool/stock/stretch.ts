import type { Phase, TokenLogprob } from '../../protocol/worker-api.ts';
import type { PhaseRun } from '../../tokens/phase-run.ts';

/** What is asked of an engine at once: one stretch of a generation, within one phase, from where the last one ended. */
export type Stretch = {
	prompt: readonly number[];
	phase: Phase;
	/** Whether the phase's grammar binds from the first token on. */
	hasGrammar: boolean;
	maxTokens: number;
	seed: number | null;
	banned: readonly number[];
	/** Tokens at which the engine may end the stretch. */
	stops: readonly number[];
	logprobs: number | null;
	cacheScope: string;
};

/** What a line of an engine's stream tells, written anew. */
export type StretchEvent =
	/** So many tokens of the prompt are evaluated, of which so many were cached. */
	{ type: 'prefill'; processed: number; cached: number } | { type: 'token'; id: number; logprob: TokenLogprob | null };

/** Reads one stretch's stream. Throws `worker_crashed` for what is no such stream. */
export type StretchReader = {
	/** The data of one event. */
	push(data: string): StretchEvent[];
	/** The stream is over: what was held back. Throws when it ended before the stretch did. */
	end(): StretchEvent[];
};

/** How one stretch is asked for, and how its answer is read. */
export type StretchRequest = {
	path: string;
	/** Every field is named where it is made: nothing of a client's request goes through. */
	body(stretch: Stretch): Record<string, unknown>;
	read(run: PhaseRun): StretchReader;
};
