/**
 * Finds the first stop string in a stream. One pass, a few integers of state a stop string (Knuth-Morris-Pratt), so
 * that a megabyte of near-misses costs what a megabyte of prose does.
 */
export type StopDetector = {
	/** The text that can no longer be a part of a stop string; what may still be one is held back. */
	push(text: string): { text: string; isStopped: boolean };
	/** What is held back when the stream ends without a stop. */
	end(): string;
};

/**
 * The match that ends first wins, of several that end together the longest: it does not depend on how the text was cut
 * into deltas. The stop string and all after it never come out.
 */
export function createStopDetector(stops: readonly string[]): StopDetector {
	const matchers = stops.filter((stop) => stop !== '').map((stop) => createMatcher(stop));
	let held = '';
	let isStopped = false;

	return {
		push(text) {
			if (isStopped) return { text: '', isStopped };
			if (matchers.length === 0) return { text, isStopped };
			const all = held + text;
			for (let index = held.length; index < all.length; index++) {
				const longest = matchers.reduce((best, matcher) => Math.max(best, matcher.accept(all.charCodeAt(index))), 0);
				if (longest === 0) continue;
				isStopped = true;
				held = '';
				return { text: all.slice(0, index + 1 - longest), isStopped };
			}
			const holdBack = matchers.reduce((most, matcher) => Math.max(most, matcher.matched()), 0);
			held = all.slice(all.length - holdBack);
			return { text: all.slice(0, all.length - holdBack), isStopped };
		},
		end() {
			const rest = held;
			held = '';
			return rest;
		},
	};
}

type Matcher = {
	/** The stop's length when it ends with this unit, else 0. */
	accept(unit: number): number;
	/** How much of the stop the text so far ends with. */
	matched(): number;
};

function createMatcher(stop: string): Matcher {
	const fallback = fallbackTable(stop);
	let matched = 0;
	return {
		accept(unit) {
			while (matched > 0 && stop.charCodeAt(matched) !== unit) matched = fallback[matched - 1] ?? 0;
			if (stop.charCodeAt(matched) === unit) matched++;
			if (matched < stop.length) return 0;
			return stop.length;
		},
		matched: () => matched,
	};
}

/** For each prefix, the length of its longest proper prefix that is also its end. */
function fallbackTable(stop: string): Uint16Array {
	const table = new Uint16Array(stop.length);
	let length = 0;
	for (let index = 1; index < stop.length; index++) {
		while (length > 0 && stop.charCodeAt(length) !== stop.charCodeAt(index)) length = table[length - 1] ?? 0;
		if (stop.charCodeAt(length) === stop.charCodeAt(index)) length++;
		table[index] = length;
	}
	return table;
}
