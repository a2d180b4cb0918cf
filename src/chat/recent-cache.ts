/** Keeps what was used last, within a bound on the sizes of all. */
export type RecentCache<Value> = {
	get(key: string): Value | undefined;
	set(key: string, value: Value): void;
};

/** `sizeOf` an entry: where nothing is said its key's length, for values that are about as long. */
export function createRecentCache<Value>(
	maxCharacters = 2_000_000,
	sizeOf: (key: string, value: Value) => number = (key) => key.length,
): RecentCache<Value> {
	const entries = new Map<string, { value: Value; size: number }>();
	let characters = 0;
	return {
		get(key) {
			const entry = entries.get(key);
			if (entry === undefined) return undefined;
			entries.delete(key); // and in again at the end: a Map is in order of insertion
			entries.set(key, entry);
			return entry.value;
		},
		set(key, value) {
			const size = sizeOf(key, value);
			// One huge entry is not worth all the small ones.
			if (size > maxCharacters / 16 || entries.has(key)) return;
			entries.set(key, { value, size });
			characters += size;
			for (const [oldest, entry] of entries) {
				if (characters <= maxCharacters) break;
				entries.delete(oldest);
				characters -= entry.size;
			}
		},
	};
}
