/** POST /tokenize and /detokenize, in llama-server's shapes. `model` may be left out: then it is the first one served. */
import { z } from 'zod';
import { chatRequestSchema } from './chat-request.ts';
import { tokenIdSchema } from './completion-request.ts';
import { optional } from './optional.ts';

/** Far beyond any context; tokenising holds up the worker's other requests while it lasts. */
const MAX_TOKENIZED_LENGTH = 1_000_000;
const MAX_DETOKENIZED = 200_000;

const model = optional(z.string().min(1)).describe('Name or alias; the first model served when absent.');

export const tokenizeSchema = z.object({
	model,
	content: z.string().max(MAX_TOKENIZED_LENGTH),
	add_special: optional(z.boolean()).describe('Put the BOS in front that the model wants before a prompt.'),
	parse_special: optional(z.boolean()).describe(
		'Control tokens written out in the content are control tokens; on when absent.',
	),
	with_pieces: optional(z.boolean()).describe('Each token with its text.'),
});

export const detokenizeSchema = z.object({ model, tokens: z.array(tokenIdSchema).max(MAX_DETOKENIZED) });

/** A conversation that is only looked at: a chat request in which the model may be left out. */
export const countedChatSchema = chatRequestSchema.extend({ model });
