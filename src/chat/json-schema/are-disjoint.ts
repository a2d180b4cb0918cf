import { allowsValue } from './allows-value.ts';
import { isEmpty } from './automaton.ts';
import type { Facts, JsonType } from './facts.ts';
import { jsonEqual } from './json-equal.ts';
import { itemSchema, memberSchema } from './merge-facts.ts';
import { type SchemaReader, UNBOUND } from './schema-reader.ts';

/** How deep objects are compared to tell them apart: a tag inside a tag is rare. */
const MAX_DEPTH = 4;

/** Whether it is certain that no value meets both. */
export function areDisjoint(a: Facts, b: Facts, reader: SchemaReader, depth = 0): boolean {
	if (a.values !== null && b.values !== null) {
		return !a.values.some((value) => b.values?.some((other) => jsonEqual(value, other)));
	}
	if (a.values !== null) return !a.values.some((value) => allowsValue(b, value, reader));
	if (b.values !== null) return !b.values.some((value) => allowsValue(a, value, reader));
	const common = [...a.types].filter((type) => b.types.has(type));
	return common.every((type) => areDisjointAs(type, a, b, reader, depth));
}

function areDisjointAs(type: JsonType, a: Facts, b: Facts, reader: SchemaReader, depth: number): boolean {
	switch (type) {
		case 'null':
		case 'boolean':
			return false;
		case 'integer':
		case 'number':
			return isBelow(a, b) || isBelow(b, a);
		case 'string':
			return areStringsDisjoint(a, b, reader);
		case 'array':
			return areArraysDisjoint(a, b, reader, depth);
		case 'object':
			return depth < MAX_DEPTH && areObjectsDisjoint(a, b, reader, depth);
	}
}

function isBelow({ maximum }: Facts, { minimum }: Facts): boolean {
	if (maximum === null || minimum === null) return false;
	return (
		maximum.value < minimum.value || (maximum.value === minimum.value && (maximum.isExclusive || minimum.isExclusive))
	);
}

/** By lengths and patterns. A format's pattern is only a part of what the format allows, so it tells nothing. */
function areStringsDisjoint(a: Facts, b: Facts, reader: SchemaReader): boolean {
	if (a.maxLength !== null && a.maxLength < b.minLength) return true;
	if (b.maxLength !== null && b.maxLength < a.minLength) return true;
	const languages = [...a.patterns, ...b.patterns].map(({ language }) => language);
	if (languages.length < 2) return false;
	const both = reader.automaton(languages, UNBOUND);
	return both !== null && isEmpty(both);
}

function areArraysDisjoint(a: Facts, b: Facts, reader: SchemaReader, depth: number): boolean {
	if (a.items.max !== null && a.items.max < b.items.min) return true;
	if (b.items.max !== null && b.items.max < a.items.min) return true;
	if (depth >= MAX_DEPTH || a.items.min === 0 || b.items.min === 0) return false;
	const [first, second] = [itemSchema(a.items, 0), itemSchema(b.items, 0)];
	if (reader.isExpanding(first) || reader.isExpanding(second)) return false;
	const [ones, others] = [reader.expand(first), reader.expand(second)];
	return ones.every((facts) => others.every((otherFacts) => areDisjoint(facts, otherFacts, reader, depth + 1)));
}

/** By a member that one requires and the other forbids, or that both have to have with different values. */
function areObjectsDisjoint(a: Facts, b: Facts, reader: SchemaReader, depth: number): boolean {
	const certain = [...new Set([...a.members.required, ...b.members.required])];
	return certain.some((key) => {
		const one = memberSchema(a.members, key, reader.matches);
		const other = memberSchema(b.members, key, reader.matches);
		// A member of the union's own kind cannot tell the union's alternatives apart.
		if (reader.isExpanding(one) || reader.isExpanding(other)) return false;
		const [ones, others] = [reader.expand(one), reader.expand(other)];
		if (ones.length === 0 || others.length === 0) return true;
		const isInBoth = a.members.required.has(key) && b.members.required.has(key);
		return (
			isInBoth && ones.every((facts) => others.every((otherFacts) => areDisjoint(facts, otherFacts, reader, depth + 1)))
		);
	});
}
