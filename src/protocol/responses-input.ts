/** The items of a conversation as the Responses API has them, in a request and in what is kept of one. */
import { z } from 'zod';
import { MAX_MESSAGES } from './chat-messages.ts';
import { optional } from './optional.ts';

const id = optional(z.string().min(1).max(256));

function typeError(what: string) {
	return (issue: { input?: unknown }): string => {
		const type = (issue.input as { type?: unknown } | undefined)?.type; // only read to be named in the message
		return typeof type === 'string'
			? `${what} of type '${type.slice(0, 64)}' are not supported: this server takes text and function calls only.`
			: `${what} need a 'type'.`;
	};
}

const part = z.discriminatedUnion(
	'type',
	[
		z.object({ type: z.literal('input_text'), text: z.string() }),
		z.object({ type: z.literal('output_text'), text: z.string() }),
		z.object({ type: z.literal('text'), text: z.string() }),
		z.object({ type: z.literal('refusal'), refusal: z.string() }).transform(({ refusal }) => ({ text: refusal })),
	],
	{ error: typeError('Content parts') },
);

/** Texts only: how a part was called follows from its role. */
const texts = z
	.union([z.string(), z.array(part)])
	.transform((content) => (typeof content === 'string' ? [content] : content.map(({ text }) => text)));

const message = z.object({
	type: z.literal('message'),
	id,
	role: z.enum(['user', 'system', 'developer', 'assistant']),
	content: texts,
});
const functionCall = z.object({
	type: z.literal('function_call'),
	id,
	call_id: z.string().min(1).max(256),
	name: z.string().min(1).max(256),
	/** JSON as the model wrote it: not parsed, it may be broken. */
	arguments: z.string(),
});
const functionCallOutput = z.object({
	type: z.literal('function_call_output'),
	id,
	call_id: z.string().min(1).max(256),
	output: texts,
});
/** A thought of an earlier turn. Accepted, and dropped before rendering, as those of chat completions are. */
const reasoning = z.object({ type: z.literal('reasoning'), id });
/** An item of a response that is kept here, named instead of sent again: AI SDK does so unless `store` is false. */
const itemReference = z.object({ type: z.literal('item_reference'), id: z.string().min(1).max(256) });

const item = z.preprocess(
	withType,
	z.discriminatedUnion('type', [message, functionCall, functionCallOutput, reasoning, itemReference], {
		error: typeError('Input items'),
	}),
);
export type InputItem = z.infer<typeof item>;
/** As InputItem, with references resolved. */
export type ConversationItem = Exclude<InputItem, { type: 'item_reference' }>;

/** Always a list after the parse: a string is one user message. */
export const inputItemsSchema = z.union([
	z
		.string()
		.transform((content): InputItem[] => [{ type: 'message', id: undefined, role: 'user', content: [content] }]),
	z.array(item).max(MAX_MESSAGES),
]);

/** Two kinds of item may leave their type out: messages, known by their role, and references, which have an id alone. */
function withType(value: unknown): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if ('type' in value && value.type !== undefined && value.type !== null) return value;
	if ('role' in value) return { ...value, type: 'message' };
	return 'id' in value ? { ...value, type: 'item_reference' } : value;
}

/** Of GET /v1/responses/{id}/input_items; a query string has only strings. */
export const inputItemsQuerySchema = z.object({
	limit: z
		.string()
		.regex(/^([1-9]\d?|100)$/, 'Expected 1 to 100.')
		.default('20')
		.transform(Number),
	order: z.enum(['asc', 'desc']).default('desc'),
	after: z.string().optional(),
});
