/** A stream whose first value is known to be there. Returning closes the source, whether or not anything was read. */
export type Started<Value> = AsyncIterable<Value> & { return(): Promise<IteratorResult<Value, void>> };

/**
 * Waits for the first value, and so for everything that can go wrong before it. Not a generator itself: one that was
 * never pulled would not pass its return on, and the source would stay open for good.
 */
export async function firstOf<Value>(source: AsyncGenerator<Value, void, undefined>): Promise<Started<Value>> {
	let first: IteratorResult<Value, void> | null = await source.next();
	const iterator = {
		next(): Promise<IteratorResult<Value, void>> {
			if (first === null) return source.next();
			const value = Promise.resolve(first);
			first = null;
			return value;
		},
		return: () => source.return(),
	};
	return { [Symbol.asyncIterator]: () => iterator, return: iterator.return };
}

/** The values of a source that is still starting; its failure to start is theirs. */
export function whenStarted<Value>(starting: Promise<Started<Value>>): AsyncIterable<Value> {
	starting.catch(() => {}); // told to whoever reads; nobody may
	return (async function* () {
		yield* await starting;
	})();
}
