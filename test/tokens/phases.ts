import type { ResolvedPhase } from '../../src/tokens/resolved-phase.ts';

export const CLOSE = 2;
export const CLOSING = [50, 51];
const SEPARATOR = [60];

/** An answer without limits, but for what is said. */
export function phase(changes: Partial<ResolvedPhase> = {}): ResolvedPhase {
	return {
		name: 'answer',
		startToken: null,
		endToken: null,
		maxTokens: null,
		softLimitTokens: null,
		maxMs: null,
		closing: [],
		separator: [],
		closesOnLoop: false,
		emptyRetries: 0,
		...changes,
	};
}

export function reasoning(changes: Partial<ResolvedPhase> = {}): ResolvedPhase {
	return phase({ name: 'reasoning', endToken: CLOSE, closing: CLOSING, separator: SEPARATOR, ...changes });
}
