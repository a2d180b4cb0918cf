/**
 * POST /api/chat, /api/generate and /api/show, Ollama's form. Unknown fields are ignored, null means absent. Streaming is
 * the default. Fields about loading (`keep_alive`, `num_ctx`, `num_gpu` and the like) change nothing here.
 */
import { z } from 'zod';
import { MAX_MESSAGES, MAX_TOOL_CALLS } from './chat-messages.ts';
import { chatRequestSchema } from './chat-request.ts';
import { MAX_INPUTS } from './embeddings-request.ts';
import { optional } from './optional.ts';

const { shape } = chatRequestSchema;

/** A switch for what this server does not have may stand in its off position. */
function off(value: number, name: string) {
	return optional(
		z
			.number()
			.refine((given) => given === value, `'${name}' is not supported; ${value} switches it off.`)
			.meta({ const: value }),
	);
}

const options = z.object({
	temperature: shape.temperature,
	top_p: shape.top_p,
	top_k: shape.top_k,
	min_p: shape.min_p,
	seed: shape.seed,
	stop: shape.stop,
	repeat_penalty: shape.repeat_penalty,
	presence_penalty: shape.presence_penalty,
	frequency_penalty: shape.frequency_penalty,
	num_predict: optional(z.int().min(-2)).describe('Most tokens to generate; -1, -2 and 0 mean no bound.'),
	mirostat: off(0, 'mirostat'),
	typical_p: off(1, 'typical_p'),
});

const images = optional(z.array(z.unknown()).max(0, 'This server takes text only.'));

const toolCall = z.object({
	id: optional(z.string().min(1).max(256)),
	function: z.object({ name: z.string().min(1).max(256), arguments: z.record(z.string(), z.unknown()) }),
});

const message = z.object({
	role: z.enum(['system', 'user', 'assistant', 'tool']),
	content: optional(z.string()),
	thinking: optional(z.string()).describe('From an earlier turn; left out of the prompt.'),
	images,
	tool_calls: optional(z.array(toolCall).max(MAX_TOOL_CALLS)),
	/** Of a tool's result: whose it is. Without either it is that of the first call without one. */
	tool_name: optional(z.string().max(256)),
	tool_call_id: optional(z.string().min(1).max(256)),
});
export type OllamaMessage = z.infer<typeof message>;

const common = {
	model: z.string().min(1),
	stream: optional(z.boolean()).describe('On unless it is false.'),
	think: shape.think,
	options: optional(options),
	format: optional(z.union([z.enum(['', 'json']), z.record(z.string(), z.unknown())])).describe(
		'`json`, or a JSON schema: constrains the answer, the thought stays free.',
	),
	keep_alive: optional(z.union([z.string(), z.number()])).describe('Changes nothing: models stay loaded.'),
	logprobs: shape.logprobs,
	top_logprobs: shape.top_logprobs,
};

export const ollamaChatRequestSchema = z.object({
	...common,
	messages: optional(z.array(message).max(MAX_MESSAGES)).describe('None only asks whether the model is up.'),
	tools: shape.tools,
});
export type OllamaChatRequest = z.infer<typeof ollamaChatRequestSchema>;

export const ollamaGenerateRequestSchema = z.object({
	...common,
	prompt: optional(z.string()).describe('None only asks whether the model is up.'),
	system: optional(z.string()),
	images,
	suffix: optional(z.literal('', 'Filling in the middle is not supported.')),
	template: optional(z.literal('', "The model's own template is used.")),
	raw: optional(z.literal(false, 'A raw prompt goes to POST /v1/completions.')),
	context: optional(z.array(z.int()).max(0, 'Send the conversation to POST /api/chat.')),
});
export type OllamaGenerateRequest = z.infer<typeof ollamaGenerateRequestSchema>;

/** `name` is what clients of before 2024 send. */
export const ollamaShowRequestSchema = z.object({
	model: optional(z.string().min(1)),
	name: optional(z.string().min(1)),
});

const text = z.string().min(1);

export const ollamaEmbedRequestSchema = z.object({
	model: z.string().min(1),
	/** Always a list after the parse. */
	input: z.union([text.transform((one) => [one]), z.array(text).min(1).max(MAX_INPUTS)]),
	truncate: optional(z.boolean()),
	dimensions: optional(z.int().min(1)),
	keep_alive: common.keep_alive,
});

export const ollamaEmbeddingsRequestSchema = z.object({ model: z.string().min(1), prompt: text });
