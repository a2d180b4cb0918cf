import type { PhaseEndReason } from '../protocol/worker-api.ts';
import { createLoopDetector } from './loop-detector.ts';
import type { ResolvedPhase } from './resolved-phase.ts';

/** The longest sentence end that is looked for. */
const TAIL_CHARACTERS = 8;

/** Why a phase that runs has to be closed: its budget, soft or hard, its deadline, a loop. */
export type PhaseLimits = {
	/** One drawn token, `tokens` of the phase so far with it. */
	push(token: { id: number; text: string }, tokens: number, nowMs: number): PhaseEndReason | null;
	/** After so many more tokens, and not before, `push` can give a reason; a deadline within `spanMs` is one more. */
	tokensToLimit(tokens: number, nowMs: number, spanMs: number): number;
};

export function createPhaseLimits(phase: ResolvedPhase, startedMs: number): PhaseLimits {
	const { maxTokens, softLimitTokens, maxMs, closesOnLoop } = phase;
	const loop = createLoopDetector();
	let tail = '';
	return {
		push(token, tokens, nowMs) {
			tail = (tail + token.text).slice(-TAIL_CHARACTERS);
			// The detector sees every token, so ask it first.
			const loops = closesOnLoop && loop.push(token.id);
			if (maxTokens !== null && tokens >= maxTokens) return 'budget';
			if (softLimitTokens !== null && tokens >= softLimitTokens && endsSentence(tail)) return 'budget';
			if (maxMs !== null && nowMs - startedMs >= maxMs) return 'deadline';
			return loops ? 'loop' : null;
		},
		tokensToLimit(tokens, nowMs, spanMs) {
			if (maxMs !== null && nowMs + spanMs - startedMs >= maxMs) return 1;
			const toMost = maxTokens === null ? Number.POSITIVE_INFINITY : maxTokens - tokens;
			const toSoft = softLimitTokens === null ? Number.POSITIVE_INFINITY : softLimitTokens - tokens;
			const toLoop = closesOnLoop ? loop.tokensToLoop() : Number.POSITIVE_INFINITY;
			return Math.max(1, Math.min(toMost, toSoft, toLoop));
		},
	};
}

/** A line break, or a sentence's end that no number ("3.") explains. */
export function endsSentence(text: string): boolean {
	return /\n[ \t]*$|(?:^|[^\d])[.!?]["')\]*]*\s*$|[。！？]["')\]*」』”]*\s*$/u.test(text);
}
