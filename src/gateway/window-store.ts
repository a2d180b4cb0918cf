import { LruMap } from './lru-map.ts';

/** Counters kept at most. Only addresses can be so many: keys are as many as are configured. */
const MAX_COUNTERS = 10_000;

type Window = { startedAt: number; count: number };

/**
 * The store behind @fastify/rate-limit. Its own one hands out the counter itself, which later requests of the same turn
 * have raised by the time it is read: 500 at once at a limit of 100 are then refused to the last. This one hands out
 * what the count was.
 */
export class WindowStore {
	readonly #windows = new LruMap<Window>(MAX_COUNTERS);

	incr(
		key: string,
		done: (error: Error | null, result?: { current: number; ttl: number }) => void,
		windowMs: number,
	): void {
		const now = performance.now();
		const known = this.#windows.get(key);
		const window = known !== undefined && now - known.startedAt < windowMs ? known : { startedAt: now, count: 0 };
		window.count += 1;
		this.#windows.set(key, window);
		done(null, { current: window.count, ttl: windowMs - (now - window.startedAt) });
	}

	/** Each limiter counts for itself. */
	child(): WindowStore {
		return new WindowStore();
	}
}
