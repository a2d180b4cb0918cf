/**
 * POST /v1/chat/completions: every field that this server reads. Unknown top-level fields are ignored, null means
 * absent. Fields that are accepted and change nothing stand here too, so that a wrong type in them is told.
 */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { chatMessagesSchema } from './chat-messages.ts';
import { reasoningRequestShape } from './chat-reasoning.ts';
import { refuseUnsupported } from './chat-refuse-unsupported.ts';
import { responseFormatSchema, toolChoiceSchema, toolsSchema } from './chat-tools.ts';
import { optional } from './optional.ts';
import { parseRequest } from './parse-request.ts';

export const MAX_STOPS = 4;
export const MAX_STOP_LENGTH = 256;
export const MAX_LOGIT_BIAS = 1024;
export const MAX_METADATA = 16;
export const MAX_CHOICES = 8;

/** Well-formed, so that no stop ends an answer inside a surrogate pair. */
const stop = z
	.string()
	.min(1)
	.max(MAX_STOP_LENGTH)
	.refine((text) => text.isWellFormed(), 'Expected well-formed Unicode.');
const temperature = z.number().min(0).max(2);
const penalty = z.number().min(-2).max(2);
const repetitionPenalty = z.number().positive().max(10);
const maxTokens = z.int().min(1);

/** 64 bits on the wire, 32 in llama.cpp: reduced, not refused, since clients draw seeds from the whole range. */
const seed = z
	.number()
	.min(-(2 ** 63))
	.max(2 ** 63)
	.refine(Number.isInteger, 'Expected an integer.')
	.transform((value) => Number(BigInt.asUintN(32, BigInt(value))));

const logitBias = z
	.record(z.string().regex(/^\d{1,9}$/, 'keys are token ids'), z.number().min(-100).max(100))
	.refine((bias) => Object.keys(bias).length <= MAX_LOGIT_BIAS, `At most ${MAX_LOGIT_BIAS} entries.`);

const metadata = z
	.record(z.string().max(64), z.string().max(512))
	.refine((pairs) => Object.keys(pairs).length <= MAX_METADATA, `At most ${MAX_METADATA} pairs.`);

const text = optional(z.string());

export const chatRequestSchema = z.object({
	model: z.string().min(1),
	messages: chatMessagesSchema,

	stream: optional(z.boolean()),
	stream_options: optional(
		z.object({
			include_usage: optional(z.boolean()),
			include_obfuscation: optional(z.boolean()),
			/** Extension: a chunk without choices every second that tells how far the request is. */
			include_progress: optional(z.boolean()),
		}),
	),
	max_completion_tokens: optional(maxTokens),
	max_tokens: optional(maxTokens),

	temperature: optional(temperature),
	top_p: optional(z.number().min(0).max(1)),
	/** -1 and 0 are off. */
	top_k: optional(z.int().min(-1).max(2_147_483_647)),
	min_p: optional(z.number().min(0).max(1)),
	presence_penalty: optional(penalty),
	frequency_penalty: optional(penalty),
	repetition_penalty: optional(repetitionPenalty),
	repeat_penalty: optional(repetitionPenalty),
	seed: optional(seed),
	logit_bias: optional(logitBias),
	/** Always a list after the parse. An empty one, which LangChain sends, is none. */
	stop: optional(z.union([stop.transform((one) => [one]), z.array(stop).max(MAX_STOPS)])),

	/**
	 * vLLM's: the answer goes on where the last message, an assistant's, ends: inside its thought when it has
	 * `reasoning_content` (or an open `<think>`) and no content. What comes back is what was added.
	 */
	continue_final_message: optional(z.boolean()),
	/** Goes with the former; by itself there is nothing to generate. */
	add_generation_prompt: optional(z.boolean()),

	n: optional(z.int().min(1).max(MAX_CHOICES)),
	logprobs: optional(z.boolean()),
	top_logprobs: optional(z.int().min(0).max(20)),
	response_format: optional(responseFormatSchema),
	tools: optional(toolsSchema),
	tool_choice: optional(toolChoiceSchema),
	parallel_tool_calls: optional(z.boolean()),
	functions: optional(z.unknown()),
	function_call: optional(z.unknown()),
	modalities: optional(z.array(z.enum(['text', 'audio']))),
	audio: optional(z.unknown()),
	web_search_options: optional(z.unknown()),
	moderation: optional(z.unknown()),

	...reasoningRequestShape,

	user: text,
	safety_identifier: text,
	prompt_cache_key: text,
	prompt_cache_retention: text,
	metadata: optional(metadata),
	store: optional(z.boolean()),
	service_tier: text,
	verbosity: optional(z.enum(['low', 'medium', 'high'])),
	prediction: optional(z.unknown()),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;

/** Throws RetortError 400 that names the parameter: `messages[0].content`. */
export function parseChatRequest(body: unknown): ChatRequest {
	const request = parseRequest(chatRequestSchema, body);
	checkTogether(request);
	refuseUnsupported(request);
	return request;
}

/** What fields say about each other. */
function checkTogether(request: ChatRequest): void {
	const { include_usage: usage, include_progress: progress } = request.stream_options ?? {};
	if ((usage ?? progress) !== undefined && request.stream !== true) {
		throw invalidRequest('stream_options', null, "'stream_options' is only allowed when 'stream' is true.");
	}
	if ((request.top_logprobs ?? 0) > 0 && request.logprobs !== true) {
		throw invalidRequest('top_logprobs', null, "'top_logprobs' is only allowed when 'logprobs' is true.");
	}
	const { repetition_penalty: ours, repeat_penalty: llamaServers } = request;
	if (ours !== undefined && llamaServers !== undefined && ours !== llamaServers) {
		throw invalidRequest('repeat_penalty', null, "'repetition_penalty' and 'repeat_penalty' disagree.");
	}
	checkToolChoice(request);
	checkContinuation(request);
}

function checkContinuation(request: ChatRequest): void {
	const { messages, continue_final_message: isAsked, add_generation_prompt: prompts } = request;
	if (isAsked === true && prompts === true) {
		const message = "'add_generation_prompt' and 'continue_final_message' exclude each other.";
		throw invalidRequest('add_generation_prompt', 'invalid_value', message);
	}
	if (prompts === false && !continuesFinalMessage(request)) {
		const message = "'add_generation_prompt' is only allowed to be false when 'continue_final_message' is true.";
		throw invalidRequest('add_generation_prompt', 'unsupported_value', message);
	}
	const earlier = messages.slice(0, -1).findIndex((message) => message.role === 'assistant' && message.prefix === true);
	if (earlier !== -1) {
		throw invalidRequest(`messages[${earlier}].prefix`, 'invalid_value', 'Only the last message can be continued.');
	}
	if (!continuesFinalMessage(request)) return;
	const last = messages.at(-1);
	const at = `messages[${messages.length - 1}]`;
	if (last?.role !== 'assistant') {
		throw invalidRequest(`${at}.role`, 'invalid_value', 'Only a message of the assistant can be continued.');
	}
	if ((last.tool_calls?.length ?? 0) > 0) {
		throw invalidRequest(`${at}.tool_calls`, 'unsupported_value', 'A message with tool calls cannot be continued.');
	}
}

/** The last message is not history but the beginning of the answer. */
export function continuesFinalMessage({ messages, continue_final_message: isAsked }: ChatRequest): boolean {
	const last = messages.at(-1);
	return isAsked ?? (last?.role === 'assistant' && last.prefix === true);
}

function checkToolChoice({ tools = [], tool_choice: choice }: ChatRequest): void {
	if (choice === undefined || choice === 'none' || choice === 'auto') return;
	if (tools.length === 0) {
		throw invalidRequest('tool_choice', null, "'tool_choice' is only allowed when 'tools' are specified.");
	}
	if (choice === 'required') return;
	const wanted = choice.function.name;
	if (!tools.some((tool) => tool.function.name === wanted)) {
		throw invalidRequest('tool_choice.function.name', null, `'tools' has no function named '${wanted}'.`);
	}
}
