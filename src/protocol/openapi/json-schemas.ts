import { z } from 'zod';

export type JsonSchema = { [keyword: string]: unknown };

/** Named schemas, as `components.schemas`: where one holds another, it refers to it. `io`: the side of the parse. */
export function jsonSchemas(named: ReadonlyMap<z.ZodType, string>, io: 'input' | 'output'): Record<string, JsonSchema> {
	const registry = z.registry<{ id: string }>();
	for (const [schema, id] of named) registry.add(schema, { id });
	const { schemas } = z.toJSONSchema(registry, {
		io,
		uri: (id) => `#/components/schemas/${id}`,
		unrepresentable: 'any',
		override: ({ jsonSchema }) => {
			// Answers may hold more tomorrow, and no reader wants the bounds of a safe integer.
			if (io === 'input') return;
			if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
			if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
			if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
		},
	});
	// zod types its result as any JSON Schema there is.
	return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, tidy(schema as JsonSchema)]));
}

/** As a reader wants it: no anyOf where one schema says it. */
function tidy(schema: JsonSchema): JsonSchema {
	const { $schema: _dialect, $id: _id, ...rest } = schema;
	const tidied = Object.fromEntries(Object.entries(rest).map(([keyword, value]) => [keyword, tidyValue(value)]));
	if (!Array.isArray(tidied.anyOf)) return tidied;
	const { anyOf, ...others } = tidied;
	const branches = anyOf.flatMap(branchesOf).filter((branch) => !isNothing(branch));
	const [first, second] = branches;
	if (branches.length === 1) return { ...others, ...first };
	if (branches.some((branch) => Object.keys(branch).length === 0)) return others;
	if (branches.length === 2 && second?.type === 'null' && first !== undefined && isTyped(first)) {
		return { ...others, ...first, type: [first.type, 'null'] };
	}
	return { ...others, anyOf: branches };
}

function tidyValue(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(tidyValue);
	return typeof value === 'object' && value !== null ? tidy(value as JsonSchema) : value; // an object's keys are strings
}

function branchesOf(branch: JsonSchema): JsonSchema[] {
	const isPlain = Object.keys(branch).every((keyword) => keyword === 'anyOf');
	return isPlain && Array.isArray(branch.anyOf) ? branch.anyOf : [branch];
}

/** `not: {}` is how a request schema says that a value is refused. */
function isNothing({ not }: JsonSchema): boolean {
	return typeof not === 'object' && not !== null && Object.keys(not).length === 0;
}

/** Its keywords say nothing of null: null can stand beside its type. */
function isTyped(schema: JsonSchema): boolean {
	return typeof schema.type === 'string' && !('enum' in schema) && !('const' in schema) && !('description' in schema);
}
