/**
 * Seconds after which a request that is turned away has a fair chance: the time in which the queue as it is will have
 * been served. 1..30, because SDKs obey it without a bound of their own.
 */
export function retryAfterSeconds(queueLength: number, slots: number, meanServiceMs: number): number {
	const seconds = Math.ceil(((queueLength + 1) * meanServiceMs) / Math.max(1, slots) / 1000);
	return Math.min(30, Math.max(1, seconds));
}
