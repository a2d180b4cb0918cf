/** What Ollama's endpoints answer. Keys stand in the order in which they are sent. */
import { z } from 'zod';
import { logprobSchema } from './chat-response.ts';

const ollamaToolCallSchema = z.object({
	id: z.string(),
	function: z.object({ index: z.int(), name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
});
export type OllamaToolCall = z.infer<typeof ollamaToolCallSchema>;

const endShape = {
	logprobs: z.array(logprobSchema).optional(),
	done: z.boolean(),
	done_reason: z.enum(['stop', 'length', 'load']).optional().describe('With `done`. `load`: nothing was asked for.'),
	total_duration: z.int().optional().describe('Nanoseconds, as all durations.'),
	load_duration: z.int().optional().describe('Until the request held a slot.'),
	prompt_eval_count: z.int().optional(),
	prompt_eval_duration: z.int().optional(),
	eval_count: z.int().optional().describe('Includes the thought.'),
	eval_duration: z.int().optional(),
};

export const ollamaChatLineSchema = z.object({
	model: z.string(),
	created_at: z.iso.datetime(),
	message: z.object({
		role: z.literal('assistant'),
		content: z.string(),
		thinking: z.string().optional(),
		tool_calls: z.array(ollamaToolCallSchema).optional(),
	}),
	...endShape,
});
export type OllamaChatLine = z.infer<typeof ollamaChatLineSchema>;

export const ollamaGenerateLineSchema = z.object({
	model: z.string(),
	created_at: z.iso.datetime(),
	response: z.string(),
	thinking: z.string().optional(),
	...endShape,
});
export type OllamaGenerateLine = z.infer<typeof ollamaGenerateLineSchema>;

export const ollamaEmbedSchema = z.object({
	model: z.string(),
	embeddings: z.array(z.array(z.number())),
	total_duration: z.int(),
	load_duration: z.int(),
	prompt_eval_count: z.int(),
});

export const ollamaEmbeddingsSchema = z.object({ embedding: z.array(z.number()) });

const details = z.object({
	parent_model: z.literal(''),
	format: z.literal('gguf'),
	family: z.string(),
	families: z.array(z.string()),
	parameter_size: z.string().describe('As `7.6B`.'),
	quantization_level: z.string(),
});
export type OllamaDetails = z.infer<typeof details>;

const listed = z.object({ name: z.string(), model: z.string(), size: z.int(), digest: z.string(), details });

export const ollamaTagsSchema = z.object({ models: z.array(listed.extend({ modified_at: z.iso.datetime() })) });

export const ollamaPsSchema = z.object({
	models: z.array(listed.extend({ expires_at: z.iso.datetime(), context_length: z.int() })),
});

export const ollamaVersionSchema = z.object({
	version: z.string().describe('The Ollama that this server is like.'),
	retort: z.string(),
});

export const ollamaErrorSchema = z.object({ error: z.string() });

export const ollamaShowSchema = z.object({
	template: z.string(),
	details,
	model_info: z
		.record(z.string(), z.union([z.string(), z.number()]))
		.describe("Those of the GGUF's keys that clients read."),
	capabilities: z.array(z.enum(['completion', 'tools', 'thinking', 'embedding'])),
	modified_at: z.iso.datetime(),
});
