/** What POST /v1/messages answers, whole and as events. Keys stand in the order in which they are sent. */
import { z } from 'zod';

export const messageBlockSchema = z.discriminatedUnion('type', [
	/** The signature is empty: there is nothing to sign for, and a thought that comes back is dropped. */
	z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.literal('') }),
	z.object({ type: z.literal('text'), text: z.string() }),
	z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
]);
export type MessageBlock = z.infer<typeof messageBlockSchema>;

export const messageUsageSchema = z.object({
	/** Those that were in the cache left out. */
	input_tokens: z.int(),
	cache_creation_input_tokens: z.literal(0),
	cache_read_input_tokens: z.int(),
	/** Includes the thought. */
	output_tokens: z.int(),
});
export type MessageUsage = z.infer<typeof messageUsageSchema>;

export const stopReasonSchema = z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']);
export type StopReason = z.infer<typeof stopReasonSchema>;

export const messageSchema = z.object({
	id: z.string(),
	type: z.literal('message'),
	role: z.literal('assistant'),
	model: z.string(),
	content: z.array(messageBlockSchema),
	stop_reason: stopReasonSchema.nullable(),
	stop_sequence: z.string().nullable(),
	usage: messageUsageSchema,
});
export type Message = z.infer<typeof messageSchema>;

export type MessageDelta =
	| { type: 'thinking_delta'; thinking: string }
	| { type: 'signature_delta'; signature: '' }
	| { type: 'text_delta'; text: string }
	| { type: 'input_json_delta'; partial_json: string };

export type MessagesEvent =
	| { type: 'message_start'; message: Message }
	| { type: 'content_block_start'; index: number; content_block: MessageBlock }
	| { type: 'content_block_delta'; index: number; delta: MessageDelta }
	| { type: 'content_block_stop'; index: number }
	| {
			type: 'message_delta';
			delta: { stop_reason: StopReason; stop_sequence: string | null };
			usage: MessageUsage;
	  }
	| { type: 'message_stop' }
	| { type: 'error'; error: { type: string; message: string } };
