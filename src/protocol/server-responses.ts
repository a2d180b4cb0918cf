/** What the small endpoints answer, and the two envelopes of errors. */
import { z } from 'zod';
import { effortSchema, reasoningFieldSchema } from './chat-reasoning.ts';

export const errorEnvelopeSchema = z.object({
	error: z.object({
		message: z.string().describe('For people; may change.'),
		type: z
			.enum(['invalid_request_error', 'requests', 'tokens', 'insufficient_quota', 'server_error'])
			.describe('`requests` and `tokens` are the limits that a 429 ran into.'),
		param: z.string().nullable().describe('Path of the field that is wrong, as `messages[0].content`.'),
		code: z.string().nullable().describe('Stable, for programs: `model_not_found`, `context_length_exceeded`, ...'),
	}),
});

export const anthropicErrorSchema = z.object({
	type: z.literal('error'),
	error: z.object({
		type: z.string().describe('`invalid_request_error`, `overloaded_error`, ...'),
		message: z.string(),
	}),
	request_id: z.string(),
});

export const healthSchema = z.object({ status: z.enum(['ok', 'loading', 'draining']) });

export const modelSchema = z.object({
	id: z.string().describe('What requests say in `model`.'),
	object: z.literal('model'),
	created: z.int().describe('Seconds since 1970.'),
	owned_by: z.literal('retort'),
});
export type Model = z.infer<typeof modelSchema>;

export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) });

const modelReasoningSchema = z.union([
	z.object({ supported: z.literal(false), mode: z.literal('never') }),
	z.object({
		supported: z.literal(true),
		mode: z
			.enum(['always', 'optional'])
			.describe(
				'`always`: a thought comes before every answer unless it is switched off. `optional`: the model decides.',
			),
		can_disable: z.literal(true),
		field: reasoningFieldSchema.describe('Where the thought is found when the request does not say.'),
		fields: z.array(reasoningFieldSchema),
		efforts: z.array(effortSchema),
		default_max_tokens: z.int().nullable().describe('Thinking budget of a request that names none; null for no bound.'),
		max_tokens: z.int().nullable().describe('The largest budget that this caller can have; null for no bound.'),
		answer_reserve_tokens: z.int().describe('Tokens that a thought leaves for the answer.'),
		closes_on_loop: z.boolean().describe('Whether a thought that repeats itself is closed.'),
	}),
]);
export type ModelReasoning = z.infer<typeof modelReasoningSchema>;

export const modelDetailSchema = modelSchema.extend({
	reasoning: modelReasoningSchema
		.nullable()
		.describe('What may be asked of its thinking; null until the model has been up once.'),
});

export const tokenizedSchema = z.object({
	tokens: z.union([z.array(z.int()), z.array(z.object({ id: z.int(), piece: z.string() }))]),
});
export const detokenizedSchema = z.object({ content: z.string() });
export const promptSchema = z.object({ prompt: z.string() });
export const inputTokensSchema = z.object({ object: z.literal('response.input_tokens'), input_tokens: z.int() });
export const messageTokensSchema = z.object({ input_tokens: z.int() });

export const endedReasoningSchema = z.object({
	id: z.string(),
	ended: z.boolean().describe('false where the thought had already ended.'),
});

export const deletedResponseSchema = z.object({
	id: z.string(),
	object: z.literal('response'),
	deleted: z.literal(true),
});

const keptText = z.union([
	z.object({ type: z.literal('input_text'), text: z.string() }),
	z.object({
		type: z.literal('output_text'),
		text: z.string(),
		annotations: z.array(z.never()),
		logprobs: z.array(z.never()),
	}),
]);
const kept = { id: z.string(), status: z.literal('completed') };

export const inputItemsSchema = z.object({
	object: z.literal('list'),
	data: z.array(
		z.discriminatedUnion('type', [
			z.object({ ...kept, type: z.literal('message'), role: z.string(), content: z.array(keptText) }),
			z.object({
				...kept,
				type: z.literal('function_call'),
				call_id: z.string(),
				name: z.string(),
				arguments: z.string(),
			}),
			z.object({ ...kept, type: z.literal('function_call_output'), call_id: z.string(), output: z.string() }),
			z.object({ ...kept, type: z.literal('reasoning'), summary: z.array(z.never()) }),
		]),
	),
	first_id: z.string().nullable(),
	last_id: z.string().nullable(),
	has_more: z.boolean(),
});
