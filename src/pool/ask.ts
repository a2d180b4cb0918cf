import type { Placement } from './placement.ts';
import type { QueuePlace } from './pool-options.ts';

/** What a request for a slot says of itself. */
export type Ask = {
	placement: Placement;
	keyId: string | null;
	/** Turns that its key takes in a round of all keys that wait. */
	weight: number;
	signal: AbortSignal;
	/** Launches that this request must not meet again. */
	avoid: ReadonlySet<string>;
	/** True when it was admitted before and lost its worker. */
	isRetry: boolean;
	/** Time that it may wait. */
	patienceMs: number;
	/** See PoolGenerateOptions. */
	onQueued?: ((place: () => QueuePlace | null) => void) | undefined;
};
