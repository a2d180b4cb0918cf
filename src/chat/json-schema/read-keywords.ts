import { anything, type Conjunction, type Facts, JSON_TYPES, type JsonType } from './facts.ts';
import { formatLanguage, patternLanguage } from './formats.ts';
import { PatternRefusal } from './pattern-refusal.ts';
import type { Language } from './pattern-syntax.ts';
import { childPath, malformed, unsupported } from './refuse.ts';
import { keyword, readCount, readNumber, type SchemaObject, schemaMap } from './schema-object.ts';

/** Known to restrict, and beyond a grammar. Keywords that nobody knows are annotations, as the specification has it. */
const REFUSED = [
	'contains',
	'minContains',
	'maxContains',
	'if',
	'$dynamicRef',
	'$recursiveRef',
	'extends',
	'disallow',
] as const;

/** What a schema says by itself, its applicators in place ($ref, allOf, anyOf, oneOf...) left to whoever asks. */
export function readKeywords(schema: SchemaObject, path: string): Facts {
	for (const name of REFUSED) {
		if (keyword(schema, name) === undefined) continue;
		const isIdle = name === 'if' && keyword(schema, 'then') === undefined && keyword(schema, 'else') === undefined;
		const isCount = name.endsWith('Contains') && keyword(schema, 'contains') === undefined;
		if (!isIdle && !isCount) throw unsupported(childPath(path, name), 'cannot be honoured');
	}
	const facts = {
		...anything(path),
		types: readTypes(schema, path),
		values: readValues(schema, path),
		...readNumbers(schema, path),
		minLength: readCount(schema, 'minLength', path) ?? 0,
		maxLength: readCount(schema, 'maxLength', path),
		patterns: readPattern(schema, path),
		formats: readFormat(schema, path),
		items: readItems(schema, path),
		members: readMembers(schema, path),
	};
	return withNumberFormat(facts, schema);
}

function readTypes(schema: SchemaObject, path: string): ReadonlySet<JsonType> {
	const given = keyword(schema, 'type');
	const types = new Set<JsonType>(given === undefined ? JSON_TYPES : []);
	for (const name of given === undefined ? [] : Array.isArray(given) ? given : [given]) {
		const type = JSON_TYPES.find((known) => known === name);
		if (type === undefined) throw malformed(childPath(path, 'type'), 'names no JSON type');
		types.add(type);
		if (type === 'number') types.add('integer');
	}
	if (given !== undefined && keyword(schema, 'nullable') === true) types.add('null');
	return types;
}

function readValues(schema: SchemaObject, path: string): readonly unknown[] | null {
	const list = keyword(schema, 'enum');
	if (list !== undefined && !Array.isArray(list)) throw malformed(childPath(path, 'enum'), 'has to be an array');
	if (!Object.hasOwn(schema, 'const')) return list ?? null;
	const only: unknown = schema.const;
	return [only];
}

function readNumbers(schema: SchemaObject, path: string): Pick<Facts, 'minimum' | 'maximum' | 'multipleOf'> {
	const bound = (name: 'minimum' | 'maximum', exclusive: string, direction: 1 | -1): Facts['minimum'] => {
		const inclusive = readNumber(schema, name, path);
		const flag = keyword(schema, exclusive);
		if (typeof flag === 'boolean') return inclusive === null ? null : { value: inclusive, isExclusive: flag }; // draft 4
		const value = readNumber(schema, exclusive, path);
		if (value === null) return inclusive === null ? null : { value: inclusive, isExclusive: false };
		const isInclusiveTighter = inclusive !== null && (inclusive - value) * direction > 0;
		return isInclusiveTighter ? { value: inclusive, isExclusive: false } : { value, isExclusive: true };
	};
	const multiple = readNumber(schema, 'multipleOf', path);
	const multiplePath = childPath(path, 'multipleOf');
	if (multiple !== null && multiple <= 0) throw malformed(multiplePath, 'has to be above 0');
	return {
		minimum: bound('minimum', 'exclusiveMinimum', 1),
		maximum: bound('maximum', 'exclusiveMaximum', -1),
		multipleOf: multiple === null ? null : { value: multiple, path: multiplePath },
	};
}

function readLanguage(source: unknown, path: string): Language {
	if (typeof source !== 'string') throw malformed(path, 'has to be a string');
	try {
		return patternLanguage(source);
	} catch (error) {
		if (error instanceof PatternRefusal) throw unsupported(path, error.why);
		throw error;
	}
}

function readPattern(schema: SchemaObject, path: string): Facts['patterns'] {
	const source = keyword(schema, 'pattern');
	if (source === undefined) return [];
	const at = childPath(path, 'pattern');
	return [{ language: readLanguage(source, at), path: at }];
}

/** OpenAPI's formats of numbers. */
const NUMBER_FORMATS: Record<string, { isInteger: boolean; limit: number | null }> = {
	float: { isInteger: false, limit: null },
	double: { isInteger: false, limit: null },
	int32: { isInteger: true, limit: 2 ** 31 },
	int64: { isInteger: true, limit: null },
};

function readFormat(schema: SchemaObject, path: string): Facts['formats'] {
	const name = keyword(schema, 'format');
	if (name === undefined) return [];
	const at = childPath(path, 'format');
	if (typeof name !== 'string') throw malformed(at, 'has to be a string');
	if (numberFormat(schema) !== null) return [];
	const language = formatLanguage(name);
	// Beside a pattern, which is exact, a format that nobody knows is the name of that pattern.
	if (language === null && keyword(schema, 'pattern') !== undefined) return [];
	if (language === null)
		throw unsupported(at, `names a format that is not known: ${JSON.stringify(name.slice(0, 64))}`);
	return language === 'any' ? [] : [{ name, language, path: at }];
}

function numberFormat(schema: SchemaObject): { isInteger: boolean; limit: number | null } | null {
	const name = keyword(schema, 'format');
	if (typeof name !== 'string' || !Object.hasOwn(NUMBER_FORMATS, name)) return null;
	return NUMBER_FORMATS[name] ?? null;
}

function withNumberFormat(facts: Facts, schema: SchemaObject): Facts {
	const format = numberFormat(schema);
	if (format === null || !format.isInteger) return facts;
	const types = new Set(facts.types);
	types.delete('number');
	if (format.limit === null) return { ...facts, types };
	const low = { value: -format.limit, isExclusive: false };
	const high = { value: format.limit - 1, isExclusive: false };
	return {
		...facts,
		types,
		minimum: facts.minimum !== null && facts.minimum.value > low.value ? facts.minimum : low,
		maximum: facts.maximum !== null && facts.maximum.value < high.value ? facts.maximum : high,
	};
}

function readItems(schema: SchemaObject, path: string): Facts['items'] {
	const items = keyword(schema, 'items');
	const prefixName = Array.isArray(items) ? 'items' : 'prefixItems';
	const restName = Array.isArray(items) ? 'additionalItems' : 'items';
	const prefix = keyword(schema, prefixName);
	if (prefix !== undefined && !Array.isArray(prefix)) {
		throw malformed(childPath(path, 'prefixItems'), 'has to be an array');
	}
	const rest = keyword(schema, restName);
	return {
		prefix: (prefix ?? []).map((item: unknown, index: number) => [
			{ schema: item, path: childPath(childPath(path, prefixName), index) },
		]),
		rest: rest === undefined ? [] : [{ schema: rest, path: childPath(path, restName) }],
		isRestGiven: rest !== undefined,
		min: readCount(schema, 'minItems', path) ?? 0,
		max: readCount(schema, 'maxItems', path),
		unique: keyword(schema, 'uniqueItems') === true ? childPath(path, 'uniqueItems') : null,
	};
}

function readMembers(schema: SchemaObject, path: string): Facts['members'] {
	const required = keyword(schema, 'required') ?? [];
	// Draft 4 and OpenAPI's early writers put a boolean on the property itself; it says nothing here.
	const names = typeof required === 'boolean' ? [] : required;
	if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
		throw malformed(childPath(path, 'required'), 'has to be an array of strings');
	}
	const additional = keyword(schema, 'additionalProperties');
	const propertyNames = keyword(schema, 'propertyNames');
	const properties = schemaMap(schema, 'properties', path);
	return {
		properties: new Map(properties.map(([key, located]): [string, Conjunction] => [key, [located]])),
		required: new Set(names),
		additional: additional === undefined ? [] : [{ schema: additional, path: childPath(path, 'additionalProperties') }],
		isAdditionalGiven: additional !== undefined,
		byPattern: readByPattern(schema, path),
		names: propertyNames === undefined ? [] : [{ schema: propertyNames, path: childPath(path, 'propertyNames') }],
		min: readCount(schema, 'minProperties', path) ?? 0,
		max: readCount(schema, 'maxProperties', path),
		path,
	};
}

function readByPattern(schema: SchemaObject, path: string): Facts['members']['byPattern'] {
	const [first, ...others] = schemaMap(schema, 'patternProperties', path);
	if (first === undefined) return null;
	const at = childPath(path, 'patternProperties');
	if (others.length > 0) throw unsupported(at, 'has more than one pattern');
	const [source, value] = first;
	return { language: readLanguage(source, at), value: [value], path: at };
}
