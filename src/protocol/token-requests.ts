/** POST /tokenize and /detokenize, in llama-server's shapes. `model` may be left out: then it is the first one served. */
import { z } from 'zod';
import { tokenIdSchema } from './completion-request.ts';
import { optional } from './optional.ts';

/** Far beyond any context; tokenising holds up the worker's other requests while it lasts. */
export const MAX_TOKENIZED_LENGTH = 1_000_000;
export const MAX_DETOKENIZED = 200_000;

const model = optional(z.string().min(1));

export const tokenizeSchema = z.object({
	model,
	content: z.string().max(MAX_TOKENIZED_LENGTH),
	/** The BOS that the model wants in front of a prompt. */
	add_special: optional(z.boolean()),
	/** Control tokens written out in the content are control tokens; on when absent. */
	parse_special: optional(z.boolean()),
	/** Each token with its text. */
	with_pieces: optional(z.boolean()),
});

export const detokenizeSchema = z.object({ model, tokens: z.array(tokenIdSchema).max(MAX_DETOKENIZED) });
