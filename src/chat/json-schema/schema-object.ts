import type { Located } from './facts.ts';
import { childPath, malformed } from './refuse.ts';

export type SchemaObject = Readonly<Record<string, unknown>>;

/** A keyword's own value, never one from a prototype. */
export function keyword(schema: SchemaObject, name: string): unknown {
	return Object.hasOwn(schema, name) ? schema[name] : undefined;
}

export function isObject(value: unknown): value is SchemaObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readNumber(schema: SchemaObject, name: string, path: string): number | null {
	const value = keyword(schema, name);
	if (value === undefined) return null;
	if (typeof value !== 'number' || !Number.isFinite(value))
		throw malformed(childPath(path, name), 'has to be a number');
	return value;
}

/** Whole, not negative. */
export function readCount(schema: SchemaObject, name: string, path: string): number | null {
	const value = readNumber(schema, name, path);
	if (value === null) return null;
	if (!Number.isInteger(value) || value < 0)
		throw malformed(childPath(path, name), 'has to be a whole number from 0 on');
	return value;
}

/** The schemas of a keyword that holds a map of them. */
export function schemaMap(schema: SchemaObject, name: string, path: string): [key: string, schema: Located][] {
	const map = keyword(schema, name);
	if (map === undefined) return [];
	const at = childPath(path, name);
	if (!isObject(map)) throw malformed(at, 'has to be an object');
	return Object.entries(map).map(([key, value]) => [key, { schema: value, path: childPath(at, key) }]);
}
