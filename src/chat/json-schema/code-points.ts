import type { CodePointRange } from './expression.ts';

/** What a JSON string can hold, but for lone surrogates. */
export const ALL: readonly CodePointRange[] = [
	[0, 0xd7ff],
	[0xe000, 0x10ffff],
];

/** Sorted, without overlaps and neighbours. */
export function normalise(ranges: readonly CodePointRange[]): CodePointRange[] {
	const sorted = [...ranges].filter(([first, last]) => first <= last).sort((a, b) => a[0] - b[0]);
	const merged: CodePointRange[] = [];
	for (const [first, last] of sorted) {
		const before = merged.at(-1);
		if (before !== undefined && first <= before[1] + 1)
			merged[merged.length - 1] = [before[0], Math.max(before[1], last)];
		else merged.push([first, last]);
	}
	return merged;
}

export function intersectRanges(a: readonly CodePointRange[], b: readonly CodePointRange[]): CodePointRange[] {
	return normalise(
		a.flatMap(([first, last]) => b.map(([from, to]): CodePointRange => [Math.max(first, from), Math.min(last, to)])),
	);
}

export function complement(ranges: readonly CodePointRange[]): CodePointRange[] {
	const gaps: CodePointRange[] = [];
	let next = 0;
	for (const [first, last] of normalise(ranges)) {
		gaps.push([next, first - 1]);
		next = last + 1;
	}
	gaps.push([next, 0x10ffff]);
	return intersectRanges(gaps, ALL);
}
