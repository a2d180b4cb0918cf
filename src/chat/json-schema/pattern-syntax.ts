import type { CodePointRange } from './expression.ts';

/** A regular expression that matches whole strings. */
export type Pattern =
	| { kind: 'set'; ranges: readonly CodePointRange[] }
	| { kind: 'sequence'; items: readonly Pattern[] }
	| { kind: 'choice'; options: readonly Pattern[] }
	| { kind: 'repeat'; item: Pattern; min: number; max: number | null };

/** The strings that match all of `must` and none of `mustNot`; the same `source`, the same language. */
export type Language = { source: string; must: readonly Pattern[]; mustNot: readonly Pattern[] };

export const EMPTY_PATTERN: Pattern = { kind: 'sequence', items: [] };

/** Fewest and most code points of a match; null for no bound. */
export function patternLength(pattern: Pattern): { min: number; max: number | null } {
	switch (pattern.kind) {
		case 'set':
			return { min: 1, max: 1 };
		case 'sequence': {
			const parts = pattern.items.map(patternLength);
			return {
				min: parts.reduce((sum, part) => sum + part.min, 0),
				max: parts.reduce<number | null>((sum, part) => (sum === null || part.max === null ? null : sum + part.max), 0),
			};
		}
		case 'choice': {
			const parts = pattern.options.map(patternLength);
			const isBounded = parts.every((part) => part.max !== null);
			return {
				min: Math.min(...parts.map((part) => part.min)),
				max: isBounded ? Math.max(...parts.map((part) => part.max ?? 0)) : null,
			};
		}
		case 'repeat': {
			const item = patternLength(pattern.item);
			if (item.max === 0) return { min: 0, max: 0 };
			const max = item.max === null || pattern.max === null ? null : item.max * pattern.max;
			return { min: item.min * pattern.min, max: pattern.max === 0 ? 0 : max };
		}
	}
}
