/**
 * The messages of a chat request, flattened by the parse: content is one string, whatever form it came in.
 * Text only: no address in a request is ever opened.
 */
import { z } from 'zod';
import { optional } from './optional.ts';

export const MAX_MESSAGES = 2048;
export const MAX_TOOL_CALLS = 128;

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const refusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() });

function partError(issue: { input?: unknown }): string {
	const type = (issue.input as { type?: unknown } | undefined)?.type; // only read to be named in the message
	return typeof type === 'string'
		? `Content parts of type '${type.slice(0, 64)}' are not supported: this server takes text only.`
		: "A content part needs a 'type': 'text'.";
}

const parts = z.array(z.discriminatedUnion('type', [textPart], { error: partError })).min(1);
const assistantParts = z.array(z.discriminatedUnion('type', [textPart, refusalPart], { error: partError })).min(1);

/** Parts are lines of one text, as the engines of this field join them. */
const textContent = z.union([z.string(), parts]).transform((content) => joinParts(content));
const assistantContent = z.union([z.string(), assistantParts]).transform((content) => joinParts(content));

function joinParts(content: string | z.infer<typeof assistantParts>): string {
	if (typeof content === 'string') return content;
	return content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('\n');
}

const name = optional(z.string().max(256));
const unsupported = optional(z.unknown().meta({ not: {} }));

const toolCallSchema = z.object({
	id: z.string().min(1).max(256),
	type: z
		.literal('function')
		.nullish()
		.transform(() => 'function' as const),
	function: z.object({
		name: z.string().min(1).max(256),
		arguments: z.string().describe('JSON as the model wrote it: not parsed, it may be broken.'),
	}),
});
export type ToolCall = z.infer<typeof toolCallSchema>;

const systemMessage = z.object({ role: z.enum(['system', 'developer']), content: textContent, name });
const userMessage = z.object({ role: z.literal('user'), content: textContent, name });
const toolMessage = z.object({
	role: z.literal('tool'),
	content: textContent,
	tool_call_id: z.string().min(1).max(256),
	name,
});
const assistantMessage = z
	.object({
		role: z.literal('assistant'),
		content: optional(assistantContent),
		refusal: optional(z.string()),
		name,
		tool_calls: optional(z.array(toolCallSchema).max(MAX_TOOL_CALLS)),
		function_call: unsupported,
		audio: unsupported,
		reasoning_content: optional(z.string()).describe(
			'A thought of an earlier turn, as this server sent it. Left out of the prompt, unless the message is continued.',
		),
		reasoning: optional(z.string()).describe('As `reasoning_content`.'),
		prefix: optional(z.boolean()).describe("DeepSeek's word for `continue_final_message`, on the last message."),
	})
	.check((context) => {
		const message = context.value;
		for (const field of ['function_call', 'audio'] as const) {
			if (message[field] === undefined) continue;
			context.issues.push({
				code: 'custom',
				path: [field],
				input: message[field],
				message: `'${field}' is not supported in assistant messages.`,
				params: { code: 'unsupported_parameter' },
			});
		}
		// A thought that was cut by length comes back from us with content null: it must be accepted again.
		const isEmpty =
			message.content === undefined &&
			message.refusal === undefined &&
			message.reasoning_content === undefined &&
			message.reasoning === undefined &&
			(message.tool_calls?.length ?? 0) === 0;
		if (isEmpty) {
			context.issues.push({
				code: 'custom',
				path: ['content'],
				input: message.content,
				message: "'content' may be absent or null only in an assistant message that has 'tool_calls'.",
				params: { code: 'missing_required_parameter' },
			});
		}
	})
	.transform(({ function_call: _call, audio: _audio, refusal, ...message }) => ({
		...message,
		content: message.content ?? refusal ?? '',
	}));

export const chatMessageSchema = z.discriminatedUnion('role', [
	systemMessage,
	userMessage,
	assistantMessage,
	toolMessage,
]);
export type ChatMessage = z.infer<typeof chatMessageSchema>;

export const chatMessagesSchema = z.array(chatMessageSchema).min(1).max(MAX_MESSAGES);
