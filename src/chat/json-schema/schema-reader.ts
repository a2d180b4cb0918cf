import { allowsValue } from './allows-value.ts';
import { areDisjoint } from './are-disjoint.ts';
import { type Automaton, type AutomatonBounds, accepts, buildAutomaton } from './automaton.ts';
import { anything, type Conjunction, type Facts, type Located } from './facts.ts';
import { LIMITS } from './limits.ts';
import { mergeFacts } from './merge-facts.ts';
import type { Language } from './pattern-syntax.ts';
import { readKeywords } from './read-keywords.ts';
import { childPath, malformed, unsupported } from './refuse.ts';
import { resolveReference } from './resolve-reference.ts';
import { isObject, keyword, type SchemaObject, schemaMap } from './schema-object.ts';

export type SchemaReader = {
	/** The alternatives of which a value has to meet one; none when nothing meets them all. */
	expand(conjunction: Conjunction): readonly Facts[];
	/** Whether a value meets them all. */
	allows(conjunction: Conjunction, value: unknown): boolean;
	/** Whether `expand` is at work on these very schemas, further up. */
	isExpanding(conjunction: Conjunction): boolean;
	matches(language: Language, text: string, path: string): boolean;
	/** The strings of all these languages, within the bounds; null where that grows too large. Each is built once. */
	automaton(languages: readonly Language[], bounds: AutomatonBounds): Automaton | null;
	/** Where the schema stands as a whole. */
	path: string;
};

export const UNBOUND: AutomatonBounds = { minLength: 0, maxLength: null };

/** Makes conjunctions of schemas into plain alternatives: references followed, applicators multiplied out. */
export function createSchemaReader(root: Located): SchemaReader {
	const known = new Map<string, readonly Facts[]>();
	const budget = { steps: LIMITS.automatonSteps };
	const automata = new Map<string, Automaton | null>();
	const expanding = new Set<string>();
	let expansions = 0;

	function automaton(languages: readonly Language[], bounds: AutomatonBounds): Automaton | null {
		const key = JSON.stringify([bounds, languages.map(({ source }) => source)]);
		const found = automata.get(key);
		if (found !== undefined) return found;
		const made = buildAutomaton(languages, bounds, budget);
		automata.set(key, made);
		return made;
	}
	function matches(language: Language, text: string, path: string): boolean {
		const made = automaton([language], UNBOUND);
		if (made === null) throw unsupported(path, 'is too complex a pattern');
		return accepts(made, text);
	}
	const merge = (a: Facts, b: Facts) => mergeFacts(a, b, matches);

	/** Every combination of one alternative of each, those that allow no type left out. */
	function multiply(a: readonly Facts[], b: readonly Facts[], path: string): readonly Facts[] {
		if (a.length * b.length > LIMITS.alternatives ** 2) throw unsupported(path, 'has too many alternatives');
		const product = a
			.flatMap((one) => b.map((other) => merge(one, other)))
			.filter(({ types, values }) => types.size > 0 && values?.length !== 0);
		if (product.length > LIMITS.alternatives) throw unsupported(path, 'has too many alternatives');
		return product;
	}

	function expandAll(conjunction: Conjunction, open: readonly string[]): readonly Facts[] {
		return conjunction.reduce<readonly Facts[]>(
			(all, located) => multiply(all, expandOne(located, open), located.path),
			[anything(root.path)],
		);
	}

	function expandOne(located: Located, open: readonly string[]): readonly Facts[] {
		const { schema, path } = located;
		if (schema === true) return [anything(path)];
		if (schema === false) return [];
		if (!isObject(schema)) throw malformed(path, 'has to be a schema: an object, true or false');
		if (open.includes(path)) throw unsupported(path, 'refers to itself with no level in between');
		if (++expansions > LIMITS.expansions) throw unsupported(root.path, 'is too complex');
		if (keyword(schema, '$id') !== undefined && path !== root.path)
			throw unsupported(childPath(path, '$id'), 'inside a schema cannot be honoured');
		const opened = [...open, path];
		let all: readonly Facts[] = [readKeywords(schema, path)];
		all = all.filter((facts) => facts.types.size > 0);
		for (const part of conjuncts(schema, path)) all = multiply(all, expandOne(part, opened), part.path);
		const alternatives = (name: 'anyOf' | 'oneOf') => {
			const at = childPath(path, name);
			return { at, parts: schemaList(schema, name, path).map((part) => multiply(all, expandOne(part, opened), at)) };
		};
		if (keyword(schema, 'oneOf') !== undefined) {
			const { at, parts } = alternatives('oneOf');
			requireDisjoint(parts, at);
			all = limited(parts.flat(), at);
		}
		if (keyword(schema, 'anyOf') !== undefined) {
			const { at, parts } = alternatives('anyOf');
			all = limited(parts.flat(), at);
		}
		return closeUnevaluated(all, schema, path);
	}

	/** What stands in place and has to hold as well. */
	function conjuncts(schema: SchemaObject, path: string): Located[] {
		const found = keyword(schema, 'allOf') === undefined ? [] : schemaList(schema, 'allOf', path);
		const reference = keyword(schema, '$ref');
		if (reference !== undefined) found.push(resolveReference(root, reference, childPath(path, '$ref')));
		for (const name of ['dependentRequired', 'dependentSchemas', 'dependencies']) {
			for (const [key, { schema: needed, path: at }] of schemaMap(schema, name, path)) {
				// Without the key, or with what it needs.
				const then = Array.isArray(needed) ? { required: needed } : needed;
				const without = { properties: Object.fromEntries([[key, false]]) };
				found.push({ schema: { anyOf: [without, then] }, path: at });
			}
		}
		const not = keyword(schema, 'not');
		if (not !== undefined) {
			const at = childPath(path, 'not');
			const isTrivial = typeof not === 'boolean' || (isObject(not) && Object.keys(not).length === 0);
			if (!isTrivial) throw unsupported(at, 'cannot be honoured');
			found.push({ schema: not === false, path: at });
		}
		return found;
	}

	/** A value of two alternatives of oneOf is invalid, and a grammar cannot take it back: none may exist. */
	function requireDisjoint(parts: readonly (readonly Facts[])[], path: string): void {
		parts.forEach((part, index) => {
			for (const other of parts.slice(index + 1)) {
				const isApart = part.every((a) => other.every((b) => areDisjoint(a, b, reader)));
				if (!isApart) throw unsupported(path, "has alternatives that one value could match at once; 'anyOf' would do");
			}
		});
	}

	const reader: SchemaReader = {
		expand(conjunction) {
			const key = conjunctionKey(conjunction);
			const found = known.get(key);
			if (found !== undefined) return found;
			expanding.add(key);
			const facts = expandAll(distinct(conjunction), []);
			expanding.delete(key);
			known.set(key, facts);
			return facts;
		},
		isExpanding: (conjunction) => expanding.has(conjunctionKey(conjunction)),
		allows: (conjunction, value) => reader.expand(conjunction).some((facts) => allowsValue(facts, value, reader)),
		matches,
		automaton,
		path: root.path,
	};
	return reader;
}

function distinct(conjunction: Conjunction): Conjunction {
	return [...new Map(conjunction.map((located) => [located.path, located])).values()];
}

/** The same for the same set of schemas. */
export function conjunctionKey(conjunction: Conjunction): string {
	return JSON.stringify(
		distinct(conjunction)
			.map(({ path }) => path)
			.sort(),
	);
}

function limited(facts: readonly Facts[], path: string): readonly Facts[] {
	if (facts.length > LIMITS.alternatives) throw unsupported(path, 'has too many alternatives');
	return facts;
}

function schemaList(schema: SchemaObject, name: string, path: string): Located[] {
	const list = keyword(schema, name);
	const at = childPath(path, name);
	if (!Array.isArray(list) || list.length === 0) throw malformed(at, 'has to be an array of schemas');
	return list.map((part: unknown, index) => ({ schema: part, path: childPath(at, index) }));
}

/** `unevaluated*: false` closes what this schema, its applicators included, says nothing of. */
function closeUnevaluated(all: readonly Facts[], schema: SchemaObject, path: string): readonly Facts[] {
	let closed = all;
	const members = keyword(schema, 'unevaluatedProperties');
	const items = keyword(schema, 'unevaluatedItems');
	for (const [name, value] of [
		['unevaluatedProperties', members],
		['unevaluatedItems', items],
	] as const) {
		if (value === undefined || typeof value === 'boolean') continue;
		throw unsupported(childPath(path, name), 'is honoured only as true or false');
	}
	if (members === false) {
		const additional = [{ schema: false, path: childPath(path, 'unevaluatedProperties') }];
		closed = closed.map((facts) =>
			facts.members.isAdditionalGiven
				? facts
				: { ...facts, members: { ...facts.members, additional, isAdditionalGiven: true } },
		);
	}
	if (items === false) {
		const rest = [{ schema: false, path: childPath(path, 'unevaluatedItems') }];
		closed = closed.map((facts) =>
			facts.items.isRestGiven ? facts : { ...facts, items: { ...facts.items, rest, isRestGiven: true } },
		);
	}
	return closed;
}
