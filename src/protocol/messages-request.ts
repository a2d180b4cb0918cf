/** POST /v1/messages, Anthropic's form. Unknown fields are ignored, null means absent. Text and tools only. */
import { z } from 'zod';
import { effortSchema } from './chat-reasoning.ts';
import { chatRequestSchema, MAX_STOP_LENGTH, MAX_STOPS } from './chat-request.ts';
import { functionName } from './chat-tools.ts';
import { optional } from './optional.ts';

const textBlock = z.object({ type: z.literal('text'), text: z.string() });
/** From an earlier turn; dropped before rendering, whatever its signature says. */
const thinkingBlock = z.object({ type: z.literal('thinking'), thinking: z.string() });
const redactedBlock = z.object({ type: z.literal('redacted_thinking') });
const toolUseBlock = z.object({
	type: z.literal('tool_use'),
	id: z.string().min(1).max(256),
	name: z.string().min(1).max(256),
	input: z.record(z.string(), z.unknown()),
});
const toolResultBlock = z.object({
	type: z.literal('tool_result'),
	tool_use_id: z.string().min(1).max(256),
	content: optional(z.union([z.string(), z.array(textBlock)])),
});

const userMessage = z.object({
	role: z.literal('user'),
	content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textBlock, toolResultBlock])).min(1)]),
});
const assistantMessage = z.object({
	role: z.literal('assistant'),
	content: z.union([
		z.string(),
		z.array(z.discriminatedUnion('type', [textBlock, thinkingBlock, redactedBlock, toolUseBlock])).min(1),
	]),
});
const message = z.discriminatedUnion('role', [userMessage, assistantMessage]);
export type AnthropicMessage = z.infer<typeof message>;

const tool = z.object({
	name: functionName,
	description: optional(z.string()),
	input_schema: z.record(z.string(), z.unknown()),
});

const disable_parallel_tool_use = optional(z.boolean()).describe('true allows one call at most.');

export const countTokensSchema = z.object({
	model: chatRequestSchema.shape.model,
	messages: z.array(message).min(1).describe('The conversation so far: text, thoughts, tool calls and their results.'),
	system: optional(z.union([z.string(), z.array(textBlock)])).describe('The system prompt.'),
	thinking: chatRequestSchema.shape.thinking.describe(
		'Whether to think, and for how many tokens. Only with this object are thoughts shown, as blocks of their own.',
	),
	tools: optional(z.array(tool)).describe('Functions that the model may call.'),
	tool_choice: optional(
		z.discriminatedUnion('type', [
			z.object({ type: z.enum(['auto', 'any', 'none']), disable_parallel_tool_use }),
			z.object({ type: z.literal('tool'), name: functionName, disable_parallel_tool_use }),
		]),
	),
});

export const messagesRequestSchema = countTokensSchema.extend({
	max_tokens: z.int().min(1).describe('Most tokens to generate, thought and answer together.'),
	stream: optional(z.boolean()).describe("Send the answer as Anthropic's events while it is generated."),
	stop_sequences: optional(z.array(z.string().min(1).max(MAX_STOP_LENGTH)).max(MAX_STOPS)).describe(
		'Texts before which the answer ends. The thought is not searched for them.',
	),
	output_config: optional(
		z.object({
			format: optional(
				z.object({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) }),
			).describe('A JSON schema that the text is held to; the thought stays free.'),
			effort: optional(effortSchema.exclude(['none', 'minimal'])).describe(
				'How much to think. Nothing where thinking is disabled.',
			),
		}),
	),
	temperature: optional(z.number().min(0).max(1)),
	top_p: optional(z.number().min(0).max(1)),
	top_k: optional(z.int().min(0).max(2_147_483_647)),
});
export type MessagesRequest = z.infer<typeof messagesRequestSchema>;
export type CountTokensRequest = z.infer<typeof countTokensSchema>;
