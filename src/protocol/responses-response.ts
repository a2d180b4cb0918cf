/**
 * What POST /v1/responses answers. Every key that the Open Responses schema asks for is there, null where it says
 * nothing; OpenAI's own document asks for fewer.
 */
import { z } from 'zod';
import { effortSchema } from './chat-reasoning.ts';
import { logprobSchema, reasoningStatusSchema } from './chat-response.ts';
import { summarySchema } from './responses-request.ts';

const itemStatusSchema = z.enum(['in_progress', 'completed', 'incomplete']);
export type ItemStatus = z.infer<typeof itemStatusSchema>;

export const outputTextSchema = z.object({
	type: z.literal('output_text'),
	text: z.string(),
	annotations: z.array(z.never()),
	logprobs: z.array(logprobSchema),
});
export type OutputText = z.infer<typeof outputTextSchema>;

export const reasoningTextSchema = z.object({ type: z.literal('reasoning_text'), text: z.string() });
export const summaryTextSchema = z.object({ type: z.literal('summary_text'), text: z.string() });

const outputMessageSchema = z.object({
	type: z.literal('message'),
	id: z.string(),
	status: itemStatusSchema,
	role: z.literal('assistant'),
	content: z.array(outputTextSchema),
});
export type OutputMessage = z.infer<typeof outputMessageSchema>;

const reasoningItemSchema = z.object({
	type: z.literal('reasoning'),
	id: z.string(),
	status: itemStatusSchema,
	summary: z
		.array(summaryTextSchema)
		.describe('The thought itself: nobody sums it up. Several clients show a thought from here alone.'),
	content: z.array(reasoningTextSchema).optional(),
});
export type ReasoningItem = z.infer<typeof reasoningItemSchema>;

const functionCallSchema = z.object({
	type: z.literal('function_call'),
	id: z.string(),
	status: itemStatusSchema,
	call_id: z.string(),
	name: z.string(),
	arguments: z.string(),
});
export type FunctionCallItem = z.infer<typeof functionCallSchema>;

export const outputItemSchema = z.discriminatedUnion('type', [
	outputMessageSchema,
	reasoningItemSchema,
	functionCallSchema,
]);
export type OutputItem = z.infer<typeof outputItemSchema>;

const responseUsageSchema = z.object({
	input_tokens: z.int(),
	input_tokens_details: z.object({ cached_tokens: z.int() }),
	output_tokens: z.int().describe('Includes the reasoning.'),
	output_tokens_details: z.object({ reasoning_tokens: z.int() }),
	total_tokens: z.int(),
});

const functionToolSchema = z.object({
	type: z.literal('function'),
	name: z.string(),
	description: z.string().nullable(),
	parameters: z.record(z.string(), z.unknown()).nullable(),
	strict: z.boolean(),
});

const textFormatSchema = z.discriminatedUnion('type', [
	z.object({ type: z.literal('text') }),
	z.object({ type: z.literal('json_object') }),
	z.object({
		type: z.literal('json_schema'),
		name: z.string(),
		description: z.string(),
		schema: z.record(z.string(), z.unknown()),
		strict: z.boolean(),
	}),
]);

const responseStatusSchema = z.enum(['in_progress', 'completed', 'incomplete', 'failed', 'cancelled']);
export type ResponseStatus = z.infer<typeof responseStatusSchema>;

export const responseSchema = z.object({
	id: z.string(),
	object: z.literal('response'),
	created_at: z.int(),
	completed_at: z.int().nullable(),
	status: responseStatusSchema,
	background: z.literal(false),
	error: z.object({ code: z.literal('server_error'), message: z.string() }).nullable(),
	incomplete_details: z.object({ reason: z.literal('max_output_tokens') }).nullable(),
	instructions: z.string().nullable(),
	max_output_tokens: z.int().nullable(),
	max_tool_calls: z.int().nullable(),
	model: z.string(),
	output: z.array(outputItemSchema),
	parallel_tool_calls: z.boolean(),
	previous_response_id: z.string().nullable(),
	prompt_cache_key: z.string().nullable(),
	reasoning: z.object({ effort: effortSchema.nullable(), summary: summarySchema.nullable() }),
	safety_identifier: z.string().nullable(),
	service_tier: z.literal('default'),
	store: z.boolean().describe('Whether it can be had again by its id.'),
	temperature: z.number(),
	text: z.object({ format: textFormatSchema, verbosity: z.enum(['low', 'medium', 'high']) }),
	tool_choice: z.union([
		z.enum(['none', 'auto', 'required']),
		z.object({ type: z.literal('function'), name: z.string() }),
	]),
	tools: z.array(functionToolSchema),
	top_logprobs: z.int(),
	top_p: z.number(),
	presence_penalty: z.number(),
	frequency_penalty: z.number(),
	truncation: z.literal('disabled'),
	usage: responseUsageSchema.nullable().describe('null as long as it runs, and where it did not come to an end.'),
	user: z.string().nullable(),
	metadata: z.record(z.string(), z.string()),
	reasoning_status: reasoningStatusSchema.optional().describe('As in chat completions: how the thought ended.'),
});
export type ResponseObject = z.infer<typeof responseSchema>;

/** What is said of a response from its start and does not change. */
export type ResponseHead = Omit<
	ResponseObject,
	'completed_at' | 'status' | 'error' | 'incomplete_details' | 'output' | 'usage' | 'reasoning_status'
>;
