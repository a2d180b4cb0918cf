import type { Facts, JsonType } from './facts.ts';
import { jsonEqual } from './json-equal.ts';
import { itemSchema, memberSchema } from './merge-facts.ts';
import type { SchemaReader } from './schema-reader.ts';

/** Whether one value meets the facts: to leave out enum values that another keyword forbids. */
export function allowsValue(facts: Facts, value: unknown, reader: SchemaReader): boolean {
	const type = typeOf(value);
	const isTyped = facts.types.has(type) || (type === 'integer' && facts.types.has('number'));
	if (!isTyped) return false;
	if (facts.values !== null && !facts.values.some((other) => jsonEqual(value, other))) return false;
	if (typeof value === 'number') return allowsNumber(facts, value);
	if (typeof value === 'string') return allowsString(facts, value, reader);
	if (Array.isArray(value)) return allowsArray(facts, value, reader);
	return typeof value !== 'object' || value === null || allowsObject(facts, value, reader);
}

function typeOf(value: unknown): JsonType {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'array';
	if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
	if (typeof value === 'boolean') return 'boolean';
	return typeof value === 'string' ? 'string' : 'object';
}

function allowsNumber({ minimum, maximum, multipleOf }: Facts, value: number): boolean {
	if (minimum !== null && (value < minimum.value || (minimum.isExclusive && value === minimum.value))) return false;
	if (maximum !== null && (value > maximum.value || (maximum.isExclusive && value === maximum.value))) return false;
	return multipleOf === null || Number.isInteger(value / multipleOf.value);
}

function allowsString(facts: Facts, value: string, reader: SchemaReader): boolean {
	const length = [...value].length;
	if (length < facts.minLength || (facts.maxLength !== null && length > facts.maxLength)) return false;
	return [...facts.patterns, ...facts.formats].every(({ language, path }) => reader.matches(language, value, path));
}

function allowsArray({ items }: Facts, value: readonly unknown[], reader: SchemaReader): boolean {
	if (value.length < items.min || (items.max !== null && value.length > items.max)) return false;
	if (
		items.unique !== null &&
		value.some((item, index) => value.slice(index + 1).some((other) => jsonEqual(item, other)))
	) {
		return false;
	}
	return value.every((item, index) => reader.allows(itemSchema(items, index), item));
}

function allowsObject({ members }: Facts, value: object, reader: SchemaReader): boolean {
	const entries = Object.entries(value);
	if (entries.length < members.min || (members.max !== null && entries.length > members.max)) return false;
	if ([...members.required].some((key) => !Object.hasOwn(value, key))) return false;
	return entries.every(
		([key, child]) =>
			reader.allows(members.names, key) && reader.allows(memberSchema(members, key, reader.matches), child),
	);
}
