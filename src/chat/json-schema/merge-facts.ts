import type { Conjunction, Facts } from './facts.ts';
import { jsonEqual } from './json-equal.ts';
import type { Bound } from './number-grammar.ts';
import type { Language } from './pattern-syntax.ts';
import { unsupported } from './refuse.ts';

/** Whether a key is one of a pattern's. */
export type KeyMatcher = (language: Language, key: string, path: string) => boolean;

/** What has to hold of one member's value. */
export function memberSchema(members: Facts['members'], key: string, matches: KeyMatcher): Conjunction {
	const declared = members.properties.get(key);
	const pattern = members.byPattern;
	const byPattern = pattern !== null && matches(pattern.language, key, pattern.path) ? pattern.value : null;
	if (declared === undefined && byPattern === null) return members.additional;
	return [...(declared ?? []), ...(byPattern ?? [])];
}

/** What has to hold of one item. */
export function itemSchema(items: Facts['items'], index: number): Conjunction {
	return items.prefix[index] ?? items.rest;
}

/** Both hold. */
export function mergeFacts(a: Facts, b: Facts, matches: KeyMatcher): Facts {
	return {
		path: b.path,
		types: new Set([...a.types].filter((type) => b.types.has(type))),
		values: mergeValues(a.values, b.values),
		minimum: tighter(a.minimum, b.minimum, 1),
		maximum: tighter(a.maximum, b.maximum, -1),
		multipleOf: mergeMultiples(a.multipleOf, b.multipleOf),
		minLength: Math.max(a.minLength, b.minLength),
		maxLength: least(a.maxLength, b.maxLength),
		patterns: [...a.patterns, ...b.patterns],
		formats: [...a.formats, ...b.formats],
		items: mergeItems(a.items, b.items),
		members: mergeMembers(a.members, b.members, matches),
	};
}

function mergeValues(a: Facts['values'], b: Facts['values']): Facts['values'] {
	if (a === null || b === null) return a ?? b;
	return a.filter((value) => b.some((other) => jsonEqual(value, other)));
}

function tighter(a: Bound | null, b: Bound | null, direction: 1 | -1): Bound | null {
	if (a === null || b === null) return a ?? b;
	if (a.value === b.value) return { value: a.value, isExclusive: a.isExclusive || b.isExclusive };
	return (a.value - b.value) * direction > 0 ? a : b;
}

function least(a: number | null, b: number | null): number | null {
	return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function mergeMultiples(a: Facts['multipleOf'], b: Facts['multipleOf']): Facts['multipleOf'] {
	if (a === null || b === null) return a ?? b;
	if (a.value === b.value) return a;
	let [x, y] = [a.value, b.value];
	if (!Number.isInteger(x) || !Number.isInteger(y)) throw unsupported(b.path, 'has to hold together with another one');
	while (y !== 0) [x, y] = [y, x % y];
	return { value: (a.value / x) * b.value, path: b.path };
}

function mergeItems(a: Facts['items'], b: Facts['items']): Facts['items'] {
	const length = Math.max(a.prefix.length, b.prefix.length);
	return {
		prefix: Array.from({ length }, (_, index) => [...itemSchema(a, index), ...itemSchema(b, index)]),
		rest: [...a.rest, ...b.rest],
		isRestGiven: a.isRestGiven || b.isRestGiven,
		min: Math.max(a.min, b.min),
		max: least(a.max, b.max),
		unique: a.unique ?? b.unique,
	};
}

function mergeMembers(a: Facts['members'], b: Facts['members'], matches: KeyMatcher): Facts['members'] {
	const clash = a.byPattern !== null && (b.byPattern !== null || b.isAdditionalGiven) ? a.byPattern : null;
	const otherClash = b.byPattern !== null && a.isAdditionalGiven ? b.byPattern : null;
	const refused = clash ?? otherClash;
	if (refused !== null) throw unsupported(refused.path, 'has to hold together with what another schema says of keys');
	const keys = new Set([...a.properties.keys(), ...b.properties.keys()]);
	return {
		properties: new Map(
			[...keys].map((key) => [key, [...memberSchema(a, key, matches), ...memberSchema(b, key, matches)]]),
		),
		required: new Set([...a.required, ...b.required]),
		additional: [...a.additional, ...b.additional],
		isAdditionalGiven: a.isAdditionalGiven || b.isAdditionalGiven,
		byPattern: a.byPattern ?? b.byPattern,
		names: [...a.names, ...b.names],
		min: Math.max(a.min, b.min),
		max: least(a.max, b.max),
		path: b.path,
	};
}
