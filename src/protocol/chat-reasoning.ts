/** The request fields that steer reasoning, in every dialect that clients of other servers speak. */
import { z } from 'zod';
import { optional } from './optional.ts';

export const effortSchema = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
export type Effort = z.infer<typeof effortSchema>;

export const reasoningFieldSchema = z.enum(['reasoning_content', 'reasoning', 'both', 'tags', 'hidden']);
/** Where the client finds the thought. */
export type ReasoningField = z.infer<typeof reasoningFieldSchema>;

/** -1 is llama-server's word for no bound. */
const budget = optional(z.int().min(-1)).transform((tokens) => (tokens === -1 ? undefined : tokens));
/** Bounded so that the worker's timer, a signed 32-bit count of milliseconds, can hold it. */
const milliseconds = optional(z.int().positive().max(2_147_483_647));

/** OpenRouter's object, with the sampling of the thought as our extension. */
export const reasoningObjectShape = {
	effort: optional(effortSchema),
	max_tokens: budget,
	enabled: optional(z.boolean()),
	exclude: optional(z.boolean()),
	temperature: optional(z.number().min(0).max(2)),
	top_p: optional(z.number().min(0).max(1)),
};

export const reasoningRequestShape = {
	reasoning_effort: optional(effortSchema),
	reasoning: optional(z.object(reasoningObjectShape)),
	/** Anthropic's object, which AI SDK's deepseek provider sends too. */
	thinking: optional(
		z.object({ type: optional(z.enum(['enabled', 'disabled', 'adaptive', 'auto'])), budget_tokens: budget }),
	),
	/** Ollama's switch. */
	think: optional(z.union([z.boolean(), z.enum(['low', 'medium', 'high'])])),
	/** Only the switch is read: a template's other variables are not for clients to set. */
	chat_template_kwargs: optional(z.object({ enable_thinking: optional(z.boolean()) })),
	thinking_token_budget: budget,
	thinking_budget_tokens: budget,
	reasoning_budget_tokens: budget,
	max_thinking_tokens: budget,
	max_thinking_ms: milliseconds,
	reasoning_field: optional(reasoningFieldSchema),
	include_reasoning: optional(z.boolean()),
	separate_reasoning: optional(z.boolean()),
	/** llama-server's `none`, `deepseek`, `auto`; Groq's `raw`, `parsed`, `hidden`. */
	reasoning_format: optional(z.enum(['none', 'deepseek', 'auto', 'raw', 'parsed', 'hidden'])),
};
