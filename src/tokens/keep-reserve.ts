import type { ResolvedPhase } from './resolved-phase.ts';

/** Of the room that closing within a sentence may take, where the phase's own limits do not tell. */
const GRACE = 1.1;

/**
 * The phase with limits that leave `reserveTokens` of the room to what follows, closing words and marks counted; never
 * more than half of the room. The grace shrinks with the budget, so that a thought still lands softly.
 */
export function keepReserve(phase: ResolvedPhase, reserveTokens: number, roomTokens: number): ResolvedPhase {
	if (reserveTokens === 0) return phase;
	const marks = (phase.startToken === null ? 0 : 1) + (phase.endToken === null ? 0 : 1) + phase.separator.length;
	const reserve = Math.min(reserveTokens, Math.floor(roomTokens / 2));
	const most = Math.max(0, roomTokens - reserve - marks - phase.closing.length);
	const { maxTokens, softLimitTokens } = phase;
	if (maxTokens !== null && maxTokens <= most) return phase;
	const grace = maxTokens === null || softLimitTokens === null ? GRACE : maxTokens / Math.max(1, softLimitTokens);
	const soft = Math.floor(most / grace);
	return { ...phase, maxTokens: most, softLimitTokens: Math.min(softLimitTokens ?? soft, soft) };
}
