import { z } from 'zod';

/**
 * What is read of llama-server's answers (llama.cpp v0.5.0, tools/server). Everything else in them is left where it is.
 */
export const propsSchema = z.object({
	default_generation_settings: z.object({ n_ctx: z.int().positive() }),
	total_slots: z.int().positive(),
	model_path: z.string().default(''),
	chat_template: z.string().optional(),
	bos_token: z.string().default(''),
	eos_token: z.string().default(''),
	build_info: z.string().default('unknown'),
});
export type Props = z.infer<typeof propsSchema>;

export const modelsSchema = z.object({
	data: z
		.array(
			z.object({
				meta: z.object({
					n_vocab: z.int().positive(),
					n_ctx_train: z.int(),
					n_params: z.number(),
					size: z.number(),
				}),
			}),
		)
		.min(1),
});

export const healthSchema = z.object({ status: z.string() });

export const tokenizeSchema = z.object({ tokens: z.array(z.int().nonnegative()) });

/** A piece that is no whole UTF-8 comes as its bytes. */
export const piecesSchema = z.object({
	tokens: z.array(z.object({ id: z.int(), piece: z.union([z.string(), z.array(z.int().min(0).max(255))]) })),
});

const tokenProbabilitySchema = z.object({
	id: z.int(),
	bytes: z.array(z.int().min(0).max(255)),
	logprob: z.number(),
});

/** One line of a streamed /completion: a token, a slice of the prompt, or the end. */
export const completionChunkSchema = z.object({
	content: z.string().default(''),
	tokens: z.array(z.int()).default([]),
	stop: z.boolean().default(false),
	stop_type: z.string().default('none'),
	tokens_predicted: z.int().default(0),
	prompt_progress: z.object({ total: z.int(), cache: z.int(), processed: z.int() }).optional(),
	completion_probabilities: z
		.array(tokenProbabilitySchema.extend({ top_logprobs: z.array(tokenProbabilitySchema).default([]) }))
		.optional(),
	error: z.object({ message: z.string() }).optional(),
});
export type CompletionChunk = z.infer<typeof completionChunkSchema>;
