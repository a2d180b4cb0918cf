import { type OutlierState, watchOutlier } from './outlier-watch.ts';
import { initialPace, measurePace, type PaceSample, type WorkerPace } from './worker-pace.ts';

/** What one place in the pool has shown of itself: its speed, what it broke, and how far it is trusted. */
export class WorkerRecord {
	#pace: WorkerPace = initialPace;
	#outliers: OutlierState = [];
	#trusted = Number.POSITIVE_INFINITY;

	get pace(): WorkerPace {
		return this.#pace;
	}

	/**
	 * Requests that it may run at once. A worker that failed begins with one, and each that gets its first token allows
	 * one more: its share doubles with every round of successes.
	 */
	get trusted(): number {
		return this.#trusted;
	}

	/** It is ready (again). After a failure trust has to be earned. */
	becameReady(hasFailedBefore: boolean): void {
		this.#outliers = [];
		this.#trusted = hasFailedBefore ? 1 : Number.POSITIVE_INFINITY;
	}

	/** Tells whether there is room for more now. */
	firstToken(): boolean {
		if (this.#trusted === Number.POSITIVE_INFINITY) return false;
		this.#trusted += 1;
		return true;
	}

	ended(sample: PaceSample): void {
		this.#pace = measurePace(this.#pace, sample);
		this.#outliers = watchOutlier(this.#outliers, false).state;
	}

	/** It broke a generation. True when that is one too many. */
	broke(): boolean {
		const { state, isOutlier } = watchOutlier(this.#outliers, true);
		this.#outliers = isOutlier ? [] : state;
		return isOutlier;
	}
}
