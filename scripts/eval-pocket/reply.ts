import { z } from 'zod';

const messageSchema = z.object({
	content: z.string().nullish(),
	reasoning_content: z.string().nullish(),
	tool_calls: z.array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) })).nullish(),
	reasoning_status: z.object({ state: z.string() }).nullish(),
});

/** What of a chat completion decides whether it is right. */
export const replySchema = z.object({
	choices: z.array(z.object({ message: messageSchema, finish_reason: z.string().nullable() })).min(1),
	usage: z
		.object({
			completion_tokens: z.number(),
			completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
		})
		.nullish(),
});
export type Reply = z.infer<typeof replySchema>;
