/** Keeps what was used last, within a bound on the keys' length, which is about the values' own. */
export type RecentCache<Value> = {
	get(key: string): Value | undefined;
	set(key: string, value: Value): void;
};

export function createRecentCache<Value>(maxCharacters = 2_000_000): RecentCache<Value> {
	const entries = new Map<string, Value>();
	let characters = 0;
	return {
		get(key) {
			const value = entries.get(key);
			if (value === undefined) return undefined;
			entries.delete(key); // and in again at the end: a Map is in order of insertion
			entries.set(key, value);
			return value;
		},
		set(key, value) {
			// One huge key is not worth all the short ones.
			if (key.length > maxCharacters / 16 || entries.has(key)) return;
			entries.set(key, value);
			characters += key.length;
			for (const oldest of entries.keys()) {
				if (characters <= maxCharacters) break;
				entries.delete(oldest);
				characters -= oldest.length;
			}
		},
	};
}
