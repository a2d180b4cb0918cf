import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that zod writes for our configuration. */
export type SchemaNode = {
	type?: string;
	description?: string;
	default?: unknown;
	enum?: unknown[];
	anyOf?: SchemaNode[];
	items?: SchemaNode;
	properties?: Record<string, SchemaNode>;
	additionalProperties?: boolean | SchemaNode;
	required?: string[];
	minimum?: number;
	exclusiveMinimum?: number;
	maximum?: number;
};

/** The configuration file as JSON Schema (2020-12), for editors; config/schema.json is its committed copy. */
export function configJsonSchema(): SchemaNode {
	const schema = z.toJSONSchema(configSchema, { io: 'input' });
	// zod types the result as any JSON Schema there is; ours holds the keywords above and no $ref.
	return { ...schema, title: 'retort configuration' } as SchemaNode;
}

/** The schema of the value at a path, null where the path leaves the schema. */
export function schemaAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | null {
	let node: SchemaNode | undefined = root;
	for (const step of path) {
		if (typeof step === 'number') node = node?.items;
		else {
			const extra: SchemaNode | boolean | undefined = node?.additionalProperties;
			node = node?.properties?.[String(step)] ?? (typeof extra === 'object' ? extra : undefined);
		}
	}
	return node ?? null;
}
