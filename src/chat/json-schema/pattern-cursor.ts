/** A place in a pattern, moved along by whoever reads it. In code points. */
export type PatternCursor = {
	peek(offset?: number): string | undefined;
	/** The next so many, or those that are left. */
	peekCount(count: number): string;
	isAtEnd(): boolean;
	/** The next character; undefined behind the last. */
	next(): string | undefined;
	/** Steps over this text where it stands next, and tells whether it does. */
	take(text: string): boolean;
	/** The same, and steps over them. */
	takeCount(count: number): string;
	/** What stands before the next such character, and steps over both; null where none comes. */
	takeUntil(character: string): string | null;
};

export function createPatternCursor(source: string): PatternCursor {
	const characters = [...source];
	let at = 0;
	const peek = (offset = 0) => characters[at + offset];
	const peekCount = (count: number) => characters.slice(at, at + count).join('');
	return {
		peek,
		peekCount,
		isAtEnd: () => at >= characters.length,
		next: () => characters[at++],
		take(text) {
			const wanted = [...text];
			if (!wanted.every((character, index) => peek(index) === character)) return false;
			at += wanted.length;
			return true;
		},
		takeCount(count) {
			const taken = peekCount(count);
			at += count;
			return taken;
		},
		takeUntil(character) {
			const end = characters.indexOf(character, at);
			if (end === -1) return null;
			const before = characters.slice(at, end).join('');
			at = end + 1;
			return before;
		},
	};
}
