import { z } from 'zod';

/** What is read of the answers of OpenAI-compatible servers. Everything else in them is left where it is. */
export const modelsSchema = z.object({
	data: z.array(
		z.object({
			id: z.string(),
			owned_by: z.string().nullish(),
			/** vLLM's and SGLang's. */
			max_model_len: z.int().positive().nullish(),
		}),
	),
});

export const tokenizeSchema = z.object({ tokens: z.array(z.int().nonnegative()) });

const stopSchema = z.union([z.int(), z.string()]).nullish();

const choiceSchema = z.object({
	text: z.string().nullish(),
	finish_reason: z.string().nullish(),
	/** vLLM's and SGLang's: the ids behind the text. */
	token_ids: z.array(z.int().nonnegative()).nullish(),
	/** vLLM's, and SGLang's name for it: what the generation stopped at; null at the engine's own end. */
	stop_reason: stopSchema,
	matched_stop: stopSchema,
	/** Parsed only where it was asked for. */
	logprobs: z.unknown().optional(),
});
export type CompletionChoice = z.infer<typeof choiceSchema>;

/** One event of a streamed /v1/completions: tokens, the count at the end, or an error. */
export const completionChunkSchema = z.object({
	choices: z.array(choiceSchema).default([]),
	usage: z
		.object({
			prompt_tokens: z.int().nonnegative(),
			prompt_tokens_details: z.object({ cached_tokens: z.int().nonnegative().nullish() }).nullish(),
		})
		.nullish(),
	/** An object, or `object: "error"` beside a message. */
	error: z.unknown().optional(),
	object: z.string().nullish(),
});
export type CompletionChunk = z.infer<typeof completionChunkSchema>;

/** Tokens are texts, or `token_id:ID` where that was asked for. */
export const logprobsSchema = z.object({
	tokens: z.array(z.string()),
	token_logprobs: z.array(z.number().nullable()),
	top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
});
