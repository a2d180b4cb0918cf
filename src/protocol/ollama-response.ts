/** What Ollama's endpoints answer. Keys stand in the order in which they are sent. */
import { z } from 'zod';
import { logprobSchema } from './chat-response.ts';

export const ollamaToolCallSchema = z.object({
	id: z.string(),
	function: z.object({ index: z.int(), name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
});
export type OllamaToolCall = z.infer<typeof ollamaToolCallSchema>;

const endShape = {
	logprobs: z.array(logprobSchema).optional(),
	done: z.boolean(),
	/** With `done`. `load`: nothing was asked for. */
	done_reason: z.enum(['stop', 'length', 'load']).optional(),
	/** Durations are nanoseconds. */
	total_duration: z.int().optional(),
	/** Until the request held a slot. */
	load_duration: z.int().optional(),
	prompt_eval_count: z.int().optional(),
	prompt_eval_duration: z.int().optional(),
	/** Includes the thought. */
	eval_count: z.int().optional(),
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

const details = z.object({
	parent_model: z.literal(''),
	format: z.literal('gguf'),
	family: z.string(),
	families: z.array(z.string()),
	/** '7.6B' */
	parameter_size: z.string(),
	quantization_level: z.string(),
});
export type OllamaDetails = z.infer<typeof details>;

const listed = z.object({ name: z.string(), model: z.string(), size: z.int(), digest: z.string(), details });

export const ollamaTagsSchema = z.object({ models: z.array(listed.extend({ modified_at: z.iso.datetime() })) });

export const ollamaPsSchema = z.object({
	models: z.array(listed.extend({ expires_at: z.iso.datetime(), context_length: z.int() })),
});

export const ollamaShowSchema = z.object({
	template: z.string(),
	details,
	/** Those of the GGUF's keys that clients read. */
	model_info: z.record(z.string(), z.union([z.string(), z.number()])),
	capabilities: z.array(z.enum(['completion', 'tools', 'thinking', 'embedding'])),
	modified_at: z.iso.datetime(),
});
