import type { RetortError } from '../errors.ts';
import type { RowCosts } from './batch-gaps.ts';
import type { Native } from './binding.ts';
import type { Parking } from './sequence-shelf.ts';
import type { Speculation } from './speculation.ts';
import type { Vocabulary } from './vocabulary.ts';

export type EngineOptions = {
	native: Native;
	vocabulary: Vocabulary;
	slots: number;
	contextTokens: number;
	batchTokens: number;
	/** Of a batch, what is computed at once; absent: all of it. */
	microBatchTokens?: number;
	/** At most so many prompt tokens beside decoding streams; fewer where they would wait too long. */
	prefillSliceTokens: number;
	/** Deltas of a generation that come faster than this are joined, unless its request says otherwise; absent: 0. */
	eventIntervalMs?: number;
	/** What copying a slot's cache to another slot takes; absent: it cannot be done. */
	copyMs?: number;
	/** Absent: it does not matter which slots are busy together. */
	rows?: RowCosts;
	/** Where sequences go that have to give up their slot; absent: nowhere. */
	parking?: Parking | null;
	/** Guesses at the next tokens; absent: none. The cache has to be of a kind that can be cut. */
	speculation?: Speculation | null;
	/** A decode failed and the KV cache is undefined: every generation got its error, the process should end. */
	onFailure: (error: RetortError) => void;
};
