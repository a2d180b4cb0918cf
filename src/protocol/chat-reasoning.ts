/**
 * The request fields that steer reasoning, in every dialect that clients of other servers speak. Two spellings of one
 * intent that disagree are a 400. The descriptions are those of the API's document.
 */
import { z } from 'zod';
import { optional } from './optional.ts';

export const effortSchema = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
export type Effort = z.infer<typeof effortSchema>;

export const reasoningFieldSchema = z.enum(['reasoning_content', 'reasoning', 'both', 'tags', 'hidden']);
/** Where the client finds the thought. */
export type ReasoningField = z.infer<typeof reasoningFieldSchema>;

const MAX_SAMPLES = 16;

/** -1 is llama-server's word for no bound. */
const budget = optional(z.int().min(-1)).transform((tokens) => (tokens === -1 ? undefined : tokens));
/** Bounded so that the worker's timer, a signed 32-bit count of milliseconds, can hold it. */
const milliseconds = optional(z.int().positive().max(2_147_483_647));

const EFFORT =
	'How much to think: a share of the tokens that the request leaves for it, set by the server. `none` switches thinking off. With a budget beside it, the smaller of the two binds.';
const BUDGET =
	'Thinking budget in tokens. From there on the thought is closed at the next sentence end, within a grace of a tenth, with a short closing phrase; then the answer follows. 0 switches thinking off, -1 means no bound. The server may make it smaller, to keep tokens for the answer: `reasoning_status.budget_tokens` has the one that applied.';
const SWITCH = 'Whether the model thinks before it answers. Off closes the thought before it starts.';

/** OpenRouter's object, with the sampling of the thought as our extension. */
export const reasoningObjectShape = {
	effort: optional(effortSchema).describe(EFFORT),
	max_tokens: budget.describe(BUDGET),
	enabled: optional(z.boolean()).describe(SWITCH),
	exclude: optional(z.boolean()).describe('Think, but do not show the thought: as `reasoning_field: "hidden"`.'),
	temperature: optional(z.number().min(0).max(2)).describe(
		'Sampling temperature of the thought alone; the answer keeps the one of the request.',
	),
	top_p: optional(z.number().min(0).max(1)).describe('Nucleus of the thought alone.'),
};

export const samplesSchema = optional(z.int().min(2).max(MAX_SAMPLES)).describe(
	'Consensus: so many answers are drawn from one prompt, and the majority of their final answers (the last `\\boxed{}`, a JSON value, or the last line) decides. The response is the first message that gave it, `reasoning_status.votes` has the count, `usage` counts every token of every sample. Seeds are counted up from `seed`. Wants a temperature above 0, and excludes `n`.',
);

export const reasoningRequestShape = {
	reasoning_effort: optional(effortSchema).describe(EFFORT),
	reasoning: optional(z.object({ ...reasoningObjectShape, samples: samplesSchema })).describe(
		'All about the thought in one object, as OpenRouter has it.',
	),
	/** Anthropic's object, which AI SDK's deepseek provider sends too. */
	thinking: optional(
		z.object({
			type: optional(z.enum(['enabled', 'disabled', 'adaptive', 'auto'])).describe(SWITCH),
			budget_tokens: budget.describe(BUDGET),
		}),
	).describe("Anthropic's spelling of switch and budget."),
	think: optional(z.union([z.boolean(), z.enum(['low', 'medium', 'high'])])).describe(
		"Ollama's switch, or one of its levels of effort.",
	),
	/** Only the switch is read: a template's other variables are not for clients to set. */
	chat_template_kwargs: optional(z.object({ enable_thinking: optional(z.boolean()).describe(SWITCH) })).describe(
		"vLLM's and SGLang's place for the switch. Other variables of the template are ignored.",
	),
	thinking_token_budget: budget.describe(`vLLM's spelling. ${BUDGET}`),
	thinking_budget_tokens: budget.describe(`llama-server's spelling. ${BUDGET}`),
	reasoning_budget_tokens: budget.describe(`llama-server's other spelling. ${BUDGET}`),
	max_thinking_tokens: budget.describe(BUDGET),
	max_thinking_ms: milliseconds.describe(
		'Longest time to think, from the first token of the thought: then it is closed and the answer follows, with `reasoning_status.state` `ended`.',
	),
	reasoning_field: optional(reasoningFieldSchema).describe(
		'Where the thought is found: in `reasoning_content`, in `reasoning`, in `both`, inline in the content between `<think>` `tags`, or `hidden`. Its tokens are counted and billed all the same.',
	),
	include_reasoning: optional(z.boolean()).describe('false hides the thought: as `reasoning_field: "hidden"`.'),
	separate_reasoning: optional(z.boolean()).describe(
		'SGLang\'s switch: false puts the thought inline, as `reasoning_field: "tags"`.',
	),
	reasoning_format: optional(z.enum(['none', 'deepseek', 'auto', 'raw', 'parsed', 'hidden'])).describe(
		"llama-server's `none` (tags), `deepseek` (`reasoning_content`), `auto`; Groq's `raw` (tags), `parsed` (`reasoning`), `hidden`.",
	),
};
