/**
 * POST /v1/responses: every field that this server reads, as chat-request.ts is for chat completions, whose extensions
 * (dialects of reasoning, sampling) it shares. Unknown top-level fields are ignored, null means absent.
 */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { reasoningObjectShape, reasoningRequestShape, samplesSchema } from './chat-reasoning.ts';
import { chatRequestSchema, IGNORED, refused } from './chat-request.ts';
import { functionName, MAX_TOOLS } from './chat-tools.ts';
import { optional } from './optional.ts';
import { parseRequest } from './parse-request.ts';
import { inputItemsSchema } from './responses-input.ts';
import { samplingShape } from './sampling-shape.ts';

const jsonSchema = z.record(z.string(), z.unknown());

function unsupportedType(what: string) {
	return (issue: { input?: unknown }): string => {
		const type = (issue.input as { type?: unknown } | undefined)?.type; // only read to be named in the message
		return typeof type === 'string'
			? `${what} of type '${type.slice(0, 64)}' are not supported by this server.`
			: `${what} need a 'type'.`;
	};
}

const toolSchema = z.discriminatedUnion(
	'type',
	[
		z.object({
			type: z.literal('function'),
			name: functionName,
			description: optional(z.string()),
			parameters: optional(jsonSchema),
			strict: optional(z.boolean()),
		}),
	],
	{ error: unsupportedType('Tools') },
);

const formatSchema = z.discriminatedUnion(
	'type',
	[
		z.object({ type: z.literal('text') }),
		z.object({ type: z.literal('json_object') }),
		z.object({
			type: z.literal('json_schema'),
			name: functionName,
			description: optional(z.string()),
			schema: jsonSchema,
			strict: optional(z.boolean()),
		}),
	],
	{ error: unsupportedType('Text formats') },
);

export const summarySchema = z.enum(['auto', 'concise', 'detailed']);

const { shape } = chatRequestSchema;
const text = optional(z.string());
/** OpenAI's object, with what `reasoning` means elsewhere: OpenRouter's budget and switches, our sampling. */
const reasoning = optional(
	z.object({
		...reasoningObjectShape,
		samples: samplesSchema,
		summary: optional(summarySchema).describe(
			'Asks for the thought as summary alone. It is the thought itself: nobody sums it up.',
		),
		generate_summary: optional(summarySchema).describe('The older name of `summary`.'),
	}),
);

export const responsesRequestSchema = z.object({
	model: shape.model,
	input: optional(inputItemsSchema).describe(
		'A text, or the items of the conversation. May be left out only with `previous_response_id`.',
	),
	instructions: text.describe('A system message in front of the conversation, not carried over to the next response.'),
	previous_response_id: text.describe('Goes on from a response that is kept here: its whole conversation comes first.'),
	store: optional(z.boolean()).describe(
		'false keeps nothing. Otherwise the response can be had by its id and gone on from, for as long as the server is set to keep it.',
	),

	stream: optional(z.boolean()).describe('Send the response as events while it is generated.'),
	stream_options: optional(z.object({ include_obfuscation: optional(z.boolean()) })).describe(IGNORED),
	max_output_tokens: shape.max_completion_tokens,
	truncation: optional(z.enum(['auto', 'disabled']).meta({ enum: ['disabled'] })).describe(
		'Nothing of a conversation is ever dropped.',
	),

	...samplingShape,
	stop: shape.stop,

	include: optional(z.array(z.string().max(128)).max(64)).describe(
		"`message.output_text.logprobs` adds the answer's log-probabilities. What else can be named here is ignored.",
	),
	top_logprobs: shape.top_logprobs,
	text: optional(z.object({ format: optional(formatSchema), verbosity: shape.verbosity })).describe(
		'Constrains the answer, as `response_format` of chat completions does.',
	),
	tools: optional(z.array(toolSchema).max(MAX_TOOLS)).describe('Functions that the model may call. No built-in tools.'),
	tool_choice: optional(
		z.union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), name: functionName })]),
	).describe('`required` and a named function cannot fail: the answer is held to the call.'),
	parallel_tool_calls: shape.parallel_tool_calls,
	max_tool_calls: optional(z.int().min(1)).describe('Bounds the calls of built-in tools, of which there are none.'),

	...reasoningRequestShape,
	reasoning: reasoning.describe('All about the thought in one object: as OpenAI, and as OpenRouter has it.'),

	background: optional(z.boolean().meta({ const: false })).describe('Not supported: true is a 400.'),
	conversation: refused,
	prompt: refused,
	context_management: refused,
	moderation: refused,

	user: shape.user,
	safety_identifier: shape.safety_identifier,
	prompt_cache_key: shape.prompt_cache_key,
	prompt_cache_retention: shape.prompt_cache_retention,
	metadata: shape.metadata.describe('Comes back with the response.'),
	service_tier: shape.service_tier,
});
export type ResponsesRequest = z.infer<typeof responsesRequestSchema>;

/** Throws RetortError 400 that names the parameter: `input[0].content[1].type`. */
export function parseResponsesRequest(body: unknown): ResponsesRequest {
	const request = parseRequest(responsesRequestSchema, body);
	const refusals: [param: string, isAskedFor: boolean][] = [
		['background', request.background === true],
		['conversation', request.conversation !== undefined],
		['prompt', request.prompt !== undefined],
		['context_management', request.context_management !== undefined],
		['moderation', request.moderation !== undefined],
	];
	for (const [param, isAskedFor] of refusals) {
		if (!isAskedFor) continue;
		throw invalidRequest(param, 'unsupported_parameter', `Unsupported parameter: '${param}' is not supported.`);
	}
	if (request.truncation === 'auto') {
		const message = "Unsupported value: 'truncation' must be 'disabled': this server drops nothing of a conversation.";
		throw invalidRequest('truncation', 'unsupported_value', message);
	}
	if ((request.input === undefined || request.input.length === 0) && request.previous_response_id === undefined) {
		throw invalidRequest('input', 'missing_required_parameter', "Missing required parameter: 'input'.");
	}
	return request;
}
