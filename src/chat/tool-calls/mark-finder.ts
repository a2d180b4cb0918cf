/** Finds a mark in text that comes in pieces (Knuth-Morris-Pratt): a step a character, whatever the text. */
export type MarkFinder = {
	/** Whether the mark ends with this character. */
	accept(character: string): boolean;
	/** How much of the mark the text so far ends with. */
	matched(): number;
	reset(): void;
};

/** By UTF-16 units; the mark is not empty. */
export function createMarkFinder(mark: string): MarkFinder {
	const fallbacks = Array.from(mark, () => 0);
	for (let index = 1, length = 0; index < mark.length; index++) {
		while (length > 0 && mark[length] !== mark[index]) length = fallbacks[length - 1] ?? 0;
		if (mark[length] === mark[index]) length++;
		fallbacks[index] = length;
	}
	let matched = 0;
	return {
		accept(character) {
			while (matched > 0 && mark[matched] !== character) matched = fallbacks[matched - 1] ?? 0;
			if (mark[matched] === character) matched++;
			if (matched < mark.length) return false;
			matched = 0;
			return true;
		},
		matched: () => matched,
		reset() {
			matched = 0;
		},
	};
}
