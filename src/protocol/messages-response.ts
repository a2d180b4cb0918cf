/** What POST /v1/messages answers, whole and as events. Keys stand in the order in which they are sent. */
import { z } from 'zod';
import { reasoningStatusSchema } from './chat-response.ts';

const messageBlockSchema = z.discriminatedUnion('type', [
	/** The signature is empty: there is nothing to sign for, and a thought that comes back is dropped. */
	z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.literal('') }),
	z.object({ type: z.literal('text'), text: z.string(), citations: z.null() }),
	z.object({
		type: z.literal('tool_use'),
		id: z.string(),
		name: z.string(),
		input: z.record(z.string(), z.unknown()),
		caller: z.object({ type: z.literal('direct') }),
	}),
]);
export type MessageBlock = z.infer<typeof messageBlockSchema>;

const messageUsageSchema = z.object({
	input_tokens: z.int().describe('Those that were in the cache left out.'),
	cache_creation_input_tokens: z.literal(0),
	cache_creation: z.null(),
	cache_read_input_tokens: z.int(),
	output_tokens: z.int().describe('Includes the thought.'),
	output_tokens_details: z.object({ thinking_tokens: z.int() }),
	server_tool_use: z.null(),
	service_tier: z.literal('standard'),
	inference_geo: z.null(),
	reasoning_tokens: z.int().describe('Of them, those of the thought, its end token included.'),
});

const stopReasonSchema = z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']);
export type StopReason = z.infer<typeof stopReasonSchema>;

export const messageSchema = z.object({
	id: z.string(),
	type: z.literal('message'),
	role: z.literal('assistant'),
	model: z.string(),
	content: z.array(messageBlockSchema),
	stop_reason: stopReasonSchema.nullable(),
	stop_sequence: z.string().nullable(),
	stop_details: z.null(),
	container: z.null(),
	usage: messageUsageSchema,
	reasoning_status: reasoningStatusSchema.optional().describe('As in chat completions: how the thought ended.'),
});
export type Message = z.infer<typeof messageSchema>;

const messageDeltaSchema = z.discriminatedUnion('type', [
	z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
	z.object({ type: z.literal('signature_delta'), signature: z.literal('') }),
	z.object({ type: z.literal('text_delta'), text: z.string() }),
	z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
]);
export type MessageDelta = z.infer<typeof messageDeltaSchema>;

const index = z.int();

/** The events of a streamed message; the last one of a whole stream is message_stop. */
export const messagesEventSchema = z.discriminatedUnion('type', [
	z.object({ type: z.literal('message_start'), message: messageSchema }),
	z.object({ type: z.literal('content_block_start'), index, content_block: messageBlockSchema }),
	z.object({ type: z.literal('content_block_delta'), index, delta: messageDeltaSchema }),
	z.object({ type: z.literal('content_block_stop'), index }),
	z.object({
		type: z.literal('message_delta'),
		delta: z.object({
			stop_reason: stopReasonSchema,
			stop_sequence: z.string().nullable(),
			stop_details: z.null(),
			container: z.null(),
		}),
		usage: messageUsageSchema,
		reasoning_status: reasoningStatusSchema,
	}),
	z.object({ type: z.literal('message_stop') }),
	z.object({ type: z.literal('error'), error: z.object({ type: z.string(), message: z.string() }) }),
]);
export type MessagesEvent = z.infer<typeof messagesEventSchema>;
