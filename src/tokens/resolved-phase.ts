import type { PhaseName } from '../protocol/worker-api.ts';

/** A phase whose texts became token ids. */
export type ResolvedPhase = {
	name: PhaseName;
	startToken: number | null;
	endToken: number | null;
	maxTokens: number | null;
	softLimitTokens: number | null;
	maxMs: number | null;
	closing: readonly number[];
	separator: readonly number[];
	closesOnLoop: boolean;
	emptyRetries: number;
};
