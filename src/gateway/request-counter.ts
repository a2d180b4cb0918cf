import { WindowStore } from './window-store.ts';

/** Counts requests by key over a window, this one included. */
export type RequestCounter = {
	count(bucket: string, windowMs: number): Promise<{ current: number; ttlMs: number }>;
};

/** Of this process alone. */
export function localRequestCounter(): RequestCounter {
	const store = new WindowStore();
	return {
		count: (bucket, windowMs) =>
			new Promise((resolve, reject) => {
				store.incr(
					bucket,
					(error, result) => {
						if (result === undefined) reject(error);
						else resolve({ current: result.current, ttlMs: result.ttl });
					},
					windowMs,
				);
			}),
	};
}
