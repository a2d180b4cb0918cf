/** What POST /v1/chat/completions answers, whole and streamed. Keys stand in the order in which they are sent. */
import { z } from 'zod';

export const usageSchema = z.object({
	prompt_tokens: z.int(),
	completion_tokens: z.int().describe('Includes the reasoning.'),
	total_tokens: z.int(),
	prompt_tokens_details: z.object({ cached_tokens: z.int(), audio_tokens: z.literal(0) }),
	completion_tokens_details: z.object({
		reasoning_tokens: z.int(),
		audio_tokens: z.literal(0),
		accepted_prediction_tokens: z.literal(0),
		rejected_prediction_tokens: z.literal(0),
	}),
	prompt_cache_hit_tokens: z.int().describe("DeepSeek's names for the same: its AI SDK provider reads no other."),
	prompt_cache_miss_tokens: z.int(),
});
export type Usage = z.infer<typeof usageSchema>;

const reasoningStateSchema = z.enum(['complete', 'budget', 'length', 'ended', 'skipped', 'none']);
export type ReasoningState = z.infer<typeof reasoningStateSchema>;

export const reasoningStatusSchema = z.object({
	state: reasoningStateSchema.describe(
		"How the thought ended. `complete`: by itself. `budget`: closed at the budget. `length`: the request's tokens or the context ran out inside it. `ended`: closed by the client, the deadline or a loop, or the model stopped inside it. `skipped`: thinking was off, or the thought came back without a word. `none`: the model does not think.",
	),
	tokens: z.int(),
	ms: z.number(),
	budget_tokens: z.int().nullable().describe('The budget that applied; null for none.'),
	votes: z
		.array(z.object({ answer: z.string(), count: z.int() }))
		.optional()
		.describe(
			'With `reasoning.samples`: the final answers as they were compared, most votes first. The message is of the first.',
		),
	empty_retries: z.int().optional().describe('Thoughts that came back empty and were begun again; absent for none.'),
	resumes: z
		.int()
		.optional()
		.describe(
			'Times that another worker went on in the middle of this answer; absent for none. Above temperature 0 its random numbers began anew there, so the text is not the one of the seed.',
		),
});
export type ReasoningStatus = z.infer<typeof reasoningStatusSchema>;

const topLogprobSchema = z.object({
	token: z.string(),
	logprob: z.number(),
	bytes: z.array(z.int()).nullable().describe('Raw UTF-8: a token may be a part of a character.'),
});
export const logprobSchema = topLogprobSchema.extend({ top_logprobs: z.array(topLogprobSchema) });
export type Logprob = z.infer<typeof logprobSchema>;

export const logprobsSchema = z.object({
	content: z.array(logprobSchema).nullable(),
	refusal: z.null(),
	reasoning_content: z.array(logprobSchema).optional(),
});
export type Logprobs = z.infer<typeof logprobsSchema>;

const finishReasonSchema = z.enum(['stop', 'length', 'tool_calls']);
export type FinishReason = z.infer<typeof finishReasonSchema>;

const responseToolCallSchema = z.object({
	id: z.string(),
	type: z.literal('function'),
	function: z.object({ name: z.string(), arguments: z.string() }),
});
export type ResponseToolCall = z.infer<typeof responseToolCallSchema>;

export const chatCompletionSchema = z.object({
	id: z.string(),
	object: z.literal('chat.completion'),
	created: z.int().describe('Seconds since 1970.'),
	model: z.string().describe("The served model's name, also where an alias was asked for."),
	system_fingerprint: z.string().describe('Changes with the version of the server and with the model file.'),
	choices: z.array(
		z.object({
			index: z.int(),
			message: z.object({
				role: z.literal('assistant'),
				content: z
					.string()
					.nullable()
					.describe('The answer; null when only tools are called, or when no answer was reached.'),
				reasoning_content: z.string().optional().describe('The thought, where `reasoning_field` says so: the default.'),
				reasoning: z.string().optional().describe('The thought, with `reasoning_field` `reasoning` or `both`.'),
				refusal: z.null(),
				tool_calls: z.array(responseToolCallSchema).optional(),
				reasoning_status: reasoningStatusSchema,
			}),
			logprobs: logprobsSchema.nullable(),
			finish_reason: finishReasonSchema,
		}),
	),
	usage: usageSchema,
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

/** Only the field that changed: padding one with null or '' hides another in several clients. */
const deltaSchema = z.object({
	role: z.literal('assistant').optional(),
	content: z.string().optional(),
	reasoning_content: z.string().optional(),
	reasoning: z.string().optional(),
	tool_calls: z
		.array(
			z.object({
				index: z.int(),
				id: z.string().optional(),
				type: z.literal('function').optional(),
				function: z.object({ name: z.string().optional(), arguments: z.string() }),
			}),
		)
		.optional(),
});
export type Delta = z.infer<typeof deltaSchema>;

/** How far a stream is, every second, for those who asked with `stream_options.include_progress`. */
export const progressSchema = z.object({
	phase: z.enum(['waiting', 'queued', 'prefill', 'reasoning', 'answer']).describe('`waiting`: on its way to a worker.'),
	queue: z
		.object({ position: z.int(), expected_wait_ms: z.int() })
		.nullable()
		.describe(
			'Position 1 is next; the wait is estimated from how long slots were held lately. null when it does not wait.',
		),
	prefill: z
		.object({ done: z.int(), total: z.int() })
		.nullable()
		.describe('Tokens of the prompt; null until a slot is held.'),
	reasoning_tokens: z.int(),
	answer_tokens: z.int(),
	budget_left: z.int().nullable().describe('What is left of the thinking budget; null where there is none.'),
});

export const chatCompletionChunkSchema = z.object({
	id: z.string(),
	object: z.literal('chat.completion.chunk'),
	created: z.int(),
	model: z.string(),
	system_fingerprint: z.string(),
	/** Empty in the usage chunk and in progress chunks alone. */
	choices: z.array(
		z.object({
			index: z.int(),
			delta: deltaSchema,
			logprobs: logprobsSchema.nullable(),
			finish_reason: finishReasonSchema.nullable(),
		}),
	),
	progress: progressSchema.optional().describe('Only with include_progress, in chunks of its own.'),
	reasoning_status: reasoningStatusSchema.optional().describe('With the chunk that has the finish reason.'),
	usage: usageSchema.nullable().optional().describe('Only with include_usage: null but in the last chunk.'),
});
export type ChatCompletionChunk = z.infer<typeof chatCompletionChunkSchema>;
