import type { SchemaNode } from './config-json-schema.ts';

/** What a value has to be, for people: `an integer from 0 to 65535`, `one of auto, json, pretty`. */
export function describeExpectation(node: SchemaNode): string {
	if (node.anyOf) return node.anyOf.map(describeExpectation).join(', or ');
	if (node.enum) return `one of ${node.enum.join(', ')}`;
	switch (node.type) {
		case 'integer':
			return `an integer${describeRange(node)}`;
		case 'number':
			return `a number${describeRange(node)}`;
		case 'boolean':
			return 'true or false';
		case 'array':
			return node.items ? `a list, each ${describeExpectation(node.items)}` : 'a list';
		case 'object':
			return 'a section (key: value lines)';
		case 'null':
			return 'null';
		case 'string':
			return 'a text (quote it if it looks like a number)';
		default:
			return 'another value';
	}
}

function describeRange(node: SchemaNode): string {
	const maximum = node.maximum === Number.MAX_SAFE_INTEGER ? undefined : node.maximum;
	// zod spells "at least 1" of an integer as "above 0".
	const minimum =
		node.minimum ??
		(node.type === 'integer' && node.exclusiveMinimum !== undefined ? node.exclusiveMinimum + 1 : undefined);
	if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
	const above = minimum === undefined && node.exclusiveMinimum !== undefined ? ` above ${node.exclusiveMinimum}` : '';
	const atLeast = minimum === undefined ? above : ` of at least ${minimum}`;
	if (maximum === undefined) return atLeast;
	return atLeast === '' ? ` of at most ${maximum}` : `${atLeast} and at most ${maximum}`;
}
