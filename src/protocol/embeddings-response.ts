/** What POST /v1/embeddings answers. Keys stand in the order in which they are sent. */
import { z } from 'zod';

export const embeddingsResponseSchema = z.object({
	object: z.literal('list'),
	data: z.array(
		z.object({
			object: z.literal('embedding'),
			index: z.int(),
			/** As base64: 32-bit floats, little-endian. */
			embedding: z.union([z.array(z.number()), z.base64()]),
		}),
	),
	model: z.string(),
	usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
});
export type EmbeddingsResponse = z.infer<typeof embeddingsResponseSchema>;
