/**
 * POST /v1/responses: every field that this server reads, as chat-request.ts is for chat completions, whose extensions
 * (dialects of reasoning, sampling) it shares. Unknown top-level fields are ignored, null means absent.
 */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { reasoningObjectShape, reasoningRequestShape, samplesSchema } from './chat-reasoning.ts';
import { chatRequestSchema } from './chat-request.ts';
import { MAX_TOOLS } from './chat-tools.ts';
import { optional } from './optional.ts';
import { parseRequest } from './parse-request.ts';
import { inputItemsSchema } from './responses-input.ts';

const functionName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'a name is 1..64 letters, digits, _ or -');
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
		summary: optional(summarySchema),
		/** The name of `summary` before it had that one. */
		generate_summary: optional(summarySchema),
	}),
);

export const responsesRequestSchema = z.object({
	model: z.string().min(1),
	input: optional(inputItemsSchema),
	instructions: text,
	previous_response_id: text,
	store: optional(z.boolean()),

	stream: optional(z.boolean()),
	stream_options: optional(z.object({ include_obfuscation: optional(z.boolean()) })),
	max_output_tokens: shape.max_completion_tokens,
	truncation: optional(z.enum(['auto', 'disabled'])),

	temperature: shape.temperature,
	top_p: shape.top_p,
	top_k: shape.top_k,
	min_p: shape.min_p,
	presence_penalty: shape.presence_penalty,
	frequency_penalty: shape.frequency_penalty,
	repetition_penalty: shape.repetition_penalty,
	repeat_penalty: shape.repeat_penalty,
	seed: shape.seed,
	logit_bias: shape.logit_bias,
	stop: shape.stop,

	/** Only the answer's log-probabilities are to be had; what else can be named here is of tools that are not ours. */
	include: optional(z.array(z.string().max(128)).max(64)),
	top_logprobs: shape.top_logprobs,
	text: optional(z.object({ format: optional(formatSchema), verbosity: shape.verbosity })),
	tools: optional(z.array(toolSchema).max(MAX_TOOLS)),
	tool_choice: optional(
		z.union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), name: functionName })]),
	),
	parallel_tool_calls: optional(z.boolean()),
	/** Bounds the calls of built-in tools, of which there are none. */
	max_tool_calls: optional(z.int().min(1)),

	...reasoningRequestShape,
	reasoning,

	background: optional(z.boolean()),
	conversation: optional(z.unknown()),
	prompt: optional(z.unknown()),
	context_management: optional(z.unknown()),
	moderation: optional(z.unknown()),

	user: text,
	safety_identifier: text,
	prompt_cache_key: text,
	prompt_cache_retention: text,
	metadata: shape.metadata,
	service_tier: text,
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
