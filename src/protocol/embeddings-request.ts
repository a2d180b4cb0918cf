/** POST /v1/embeddings. Unknown fields are ignored, null means absent. */
import { z } from 'zod';
import { type RawPrompt, tokenIdSchema } from './completion-request.ts';
import { optional } from './optional.ts';

export const MAX_INPUTS = 2048;

const text = z.string().min(1);
const tokens = z.array(tokenIdSchema).min(1);

export const embeddingsRequestSchema = z.object({
	model: z.string().min(1),
	/** Always a list after the parse. */
	input: z.union([
		text.transform((one): RawPrompt[] => [one]),
		tokens.transform((one): RawPrompt[] => [one]),
		z.array(text).min(1).max(MAX_INPUTS),
		z.array(tokens).min(1).max(MAX_INPUTS),
	]),
	encoding_format: optional(z.enum(['float', 'base64'])),
	/** The first so many, made a unit vector again: what models trained for it (Matryoshka) are meant to be cut by. */
	dimensions: optional(z.int().min(1)),
	user: optional(z.string()),
});
