import type { z } from 'zod';

/** A request field for which null means absent, as for every optional field of the OpenAI document. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
	return schema.nullish().transform((value) => value ?? undefined);
}
