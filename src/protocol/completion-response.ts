/** What POST /v1/completions answers; a stream's chunks have the same form. */
import { z } from 'zod';
import { usageSchema } from './chat-response.ts';

const textLogprobsSchema = z.object({
	tokens: z.array(z.string()),
	token_logprobs: z.array(z.number()),
	top_logprobs: z.array(z.record(z.string(), z.number())).nullable(),
	text_offset: z.array(z.int()).describe("Of each token in the choice's text, in UTF-16 units."),
});
export type TextLogprobs = z.infer<typeof textLogprobsSchema>;

const textFinishReasonSchema = z.enum(['stop', 'length']);
export type TextFinishReason = z.infer<typeof textFinishReasonSchema>;

const textChoiceSchema = z.object({
	text: z.string(),
	index: z.int(),
	logprobs: textLogprobsSchema.nullable(),
	finish_reason: textFinishReasonSchema.nullable(),
});
export type TextChoice = z.infer<typeof textChoiceSchema>;

export const textCompletionSchema = z.object({
	id: z.string(),
	object: z.literal('text_completion'),
	created: z.int(),
	model: z.string(),
	system_fingerprint: z.string(),
	choices: z.array(textChoiceSchema),
	usage: usageSchema.nullable().optional().describe('In a stream only with include_usage: null but in the last chunk.'),
});
export type TextCompletion = z.infer<typeof textCompletionSchema>;
