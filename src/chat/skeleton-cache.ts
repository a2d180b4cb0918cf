/** Keeps what was used last, within a bound on the keys' length, which is about the values' own. */
export type SkeletonCache<Value> = {
	get(key: string): Value | undefined;
	set(key: string, value: Value): void;
};

export function createSkeletonCache<Value>(maxCharacters = 2_000_000): SkeletonCache<Value> {
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
			// One conversation of thousands of messages is not worth all the short ones.
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
