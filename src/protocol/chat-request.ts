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
import { samplingShape } from './sampling-shape.ts';

export const MAX_STOPS = 4;
export const MAX_STOP_LENGTH = 256;
const MAX_METADATA = 16;
const MAX_CHOICES = 8;

/** Well-formed, so that no stop ends an answer inside a surrogate pair. */
const stop = z
	.string()
	.min(1)
	.max(MAX_STOP_LENGTH)
	.refine((text) => text.isWellFormed(), 'Expected well-formed Unicode.');
const maxTokens = z.int().min(1);

const metadata = z
	.record(z.string().max(64), z.string().max(512))
	.refine((pairs) => Object.keys(pairs).length <= MAX_METADATA, `At most ${MAX_METADATA} pairs.`)
	.meta({ maxProperties: MAX_METADATA });

const text = optional(z.string());

/** Accepted and without effect: the API's document says so of each in the same words. */
export const IGNORED = 'Accepted for the sake of clients; changes nothing here.';
/** Known, and refused by name when it is asked for: the document allows null alone. */
export const refused = optional(z.unknown().meta({ not: {} })).describe('Not supported: anything but null is a 400.');

export const chatRequestSchema = z.object({
	model: z.string().min(1).describe('Name or alias of a served model, as `GET /v1/models` lists them.'),
	messages: chatMessagesSchema.describe(
		'The conversation so far. Text only. Thoughts of earlier turns may be sent back; they are left out of the prompt.',
	),

	stream: optional(z.boolean()).describe('Send the answer as server-sent events while it is generated.'),
	stream_options: optional(
		z.object({
			include_usage: optional(z.boolean()).describe(
				'One more chunk before `[DONE]`, without choices, that has `usage` for the whole request.',
			),
			include_obfuscation: optional(z.boolean()).describe(IGNORED),
			include_progress: optional(z.boolean()).describe(
				'A chunk without choices every second whose `progress` tells how far the request is: place in the queue, prompt tokens read, tokens thought and answered, budget left. The headers then go out as soon as the request begins to wait, so that a refusal after that is an error event.',
			),
		}),
	).describe('Only with `stream: true`.'),
	max_completion_tokens: optional(maxTokens).describe(
		'Most tokens to generate, thought and answer together. Absent: to the end of the context.',
	),
	max_tokens: optional(maxTokens).describe(
		'The older name of `max_completion_tokens`, which wins where both are given.',
	),

	...samplingShape,
	/** Always a list after the parse. An empty one, which LangChain sends, is none. */
	stop: optional(z.union([stop.transform((one) => [one]), z.array(stop).max(MAX_STOPS)])).describe(
		'Texts before which the answer ends. The thought is not searched for them.',
	),

	continue_final_message: optional(z.boolean()).describe(
		"vLLM's: the answer goes on where the last message, an assistant's, ends: inside its thought when it has `reasoning_content` (or an open `<think>`) and no content. What comes back is what was added. DeepSeek's `prefix: true` on the last message is the same.",
	),
	add_generation_prompt: optional(z.boolean()).describe(
		'false only together with `continue_final_message`: by itself there is nothing to generate.',
	),

	n: optional(z.int().min(1).max(MAX_CHOICES)).describe(
		'Number of choices. They share the prompt, each costs its own tokens.',
	),
	logprobs: optional(z.boolean()).describe('Log-probabilities of the tokens of answer and thought.'),
	top_logprobs: optional(z.int().min(0).max(20)).describe(
		'Likeliest alternatives at each place. Only with `logprobs: true`.',
	),
	response_format: optional(responseFormatSchema).describe(
		'Constrains the answer from its first token; the thought stays free. A keyword that cannot be honoured is a 400 that has its path.',
	),
	tools: optional(toolsSchema).describe('Functions that the model may call.'),
	tool_choice: optional(toolChoiceSchema).describe(
		'`required` and a named function cannot fail: the answer is held to the call.',
	),
	parallel_tool_calls: optional(z.boolean()).describe('false allows one call at most.'),
	functions: refused,
	function_call: optional(z.unknown().meta({ const: 'none' })).describe(
		'Not supported: anything but null or `none` is a 400.',
	),
	modalities: optional(z.array(z.enum(['text', 'audio'])).meta({ items: { type: 'string', const: 'text' } })).describe(
		'Text alone.',
	),
	audio: refused,
	web_search_options: refused,
	moderation: refused,

	...reasoningRequestShape,

	user: text.describe(IGNORED),
	safety_identifier: text.describe(IGNORED),
	prompt_cache_key: text.describe(IGNORED),
	prompt_cache_retention: text.describe(IGNORED),
	metadata: optional(metadata).describe(IGNORED),
	store: optional(z.boolean()).describe(IGNORED),
	service_tier: text.describe(IGNORED),
	verbosity: optional(z.enum(['low', 'medium', 'high'])).describe(IGNORED),
	prediction: optional(z.unknown()).describe(IGNORED),
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
