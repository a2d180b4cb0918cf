/** Tools, tool choice and response format of a chat request, as the OpenAI document has them. */
import { z } from 'zod';
import { optional } from './optional.ts';

export const MAX_TOOLS = 128;

export const functionName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'a name is 1..64 letters, digits, _ or -');
/** A JSON schema: read, and bounded, by whoever compiles it. */
const jsonSchema = z
	.record(z.string(), z.unknown())
	.describe('A JSON schema. What cannot be honoured is refused by its path.');

export const toolSchema = z.object({
	type: z.literal('function'),
	function: z.object({
		name: functionName,
		description: optional(z.string()),
		parameters: optional(jsonSchema),
		strict: optional(z.boolean()),
	}),
});
export type ChatTool = z.infer<typeof toolSchema>;

export const toolsSchema = z.array(toolSchema).max(MAX_TOOLS);

export const toolChoiceSchema = z.union([
	z.enum(['none', 'auto', 'required']),
	z.object({ type: z.literal('function'), function: z.object({ name: functionName }) }),
]);
export type ToolChoice = z.infer<typeof toolChoiceSchema>;

export const responseFormatSchema = z.discriminatedUnion('type', [
	z.object({ type: z.literal('text') }),
	z.object({ type: z.literal('json_object') }),
	z.object({
		type: z.literal('json_schema'),
		json_schema: z.object({
			name: functionName,
			description: optional(z.string()),
			schema: optional(jsonSchema),
			strict: optional(z.boolean()),
		}),
	}),
]);
