/** The events of a streamed response. Sequence numbers count from 0 without a gap. */
import { z } from 'zod';
import { logprobSchema } from './chat-response.ts';
import {
	outputItemSchema,
	outputTextSchema,
	reasoningTextSchema,
	responseSchema,
	summaryTextSchema,
} from './responses-response.ts';

function event<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
	return z.object({ type: z.literal(type), sequence_number: z.int(), ...shape });
}

const response = { response: responseSchema };
const item = { output_index: z.int(), item: outputItemSchema };
const inItem = { item_id: z.string(), output_index: z.int() };
const inContent = { ...inItem, content_index: z.int() };
const inSummary = { ...inItem, summary_index: z.int() };
const part = { part: z.discriminatedUnion('type', [outputTextSchema, reasoningTextSchema]) };

export const responsesEventSchema = z.discriminatedUnion('type', [
	event('response.created', response),
	event('response.in_progress', response),
	event('response.completed', response),
	event('response.incomplete', response),
	event('response.failed', response),
	event('response.output_item.added', item),
	event('response.output_item.done', item),
	event('response.content_part.added', { ...inContent, ...part }),
	event('response.content_part.done', { ...inContent, ...part }),
	event('response.output_text.delta', { ...inContent, delta: z.string(), logprobs: z.array(logprobSchema) }),
	event('response.output_text.done', { ...inContent, text: z.string(), logprobs: z.array(logprobSchema) }),
	event('response.reasoning_text.delta', { ...inContent, delta: z.string() }),
	event('response.reasoning_text.done', { ...inContent, text: z.string() }),
	event('response.reasoning_summary_part.added', { ...inSummary, part: summaryTextSchema }),
	event('response.reasoning_summary_part.done', { ...inSummary, part: summaryTextSchema }),
	event('response.reasoning_summary_text.delta', { ...inSummary, delta: z.string() }),
	event('response.reasoning_summary_text.done', { ...inSummary, text: z.string() }),
	event('response.function_call_arguments.delta', { ...inItem, delta: z.string() }),
	event('response.function_call_arguments.done', { ...inItem, name: z.string(), arguments: z.string() }),
	/** Flat as OpenAI documents it, and nested as its service sends it: AI SDK and the SDKs' own checks read `error`. */
	event('error', {
		code: z.string().nullable(),
		message: z.string(),
		param: z.string().nullable(),
		error: z.object({
			type: z.string(),
			code: z.string().nullable(),
			message: z.string(),
			param: z.string().nullable(),
		}),
	}),
]);
export type ResponsesEvent = z.infer<typeof responsesEventSchema>;
