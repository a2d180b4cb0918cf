/**
 * What crosses between gateway and worker: HTTP with JSON bodies, and NDJSON for a generation.
 *
 *   GET  /info                              -> WorkerInfo       (503 until the model is loaded)
 *   GET  /health                            -> WorkerHealth
 *   POST /generate        GenerateRequest   -> NDJSON of WorkerEvent; before the first event an error is a status
 *   POST /embed           EmbedRequest      -> EmbedResponse; of a worker with `embedding` in its info, and no /generate then
 *   POST /generations/:requestId/end-phase  -> 204, or 404 when it does not run here (body: EndPhaseRequest)
 *   POST /tokenize        TokenizeRequest   -> TokenizeResponse
 *   POST /detokenize      DetokenizeRequest -> DetokenizeResponse
 *
 * A status other than 200 carries the error envelope of errors.ts. Closing the connection cancels the generation.
 */
import { z } from 'zod';

/** Raised whenever a worker of the version before could not serve a gateway of this one. */
export const PROTOCOL_VERSION = 1;

/**
 * A run of prompt. `special` text is the template's and may hold control tokens; text that a user typed never
 * becomes one. `tokens` is a ready token array (legacy completions).
 */
const promptPartSchema = z.union([
	z.object({ text: z.string(), special: z.boolean() }),
	z.object({ tokens: z.array(z.int().nonnegative()) }),
]);
export type PromptPart = z.infer<typeof promptPartSchema>;

const samplingSchema = z.object({
	temperature: z.number().min(0),
	topP: z.number().min(0).max(1),
	/** 0 means off. */
	topK: z.int().nonnegative(),
	minP: z.number().min(0).max(1),
	/** 1 means off. */
	repetitionPenalty: z.number().positive(),
	presencePenalty: z.number(),
	frequencyPenalty: z.number(),
	/** null draws one at random. */
	seed: z.int().min(0).max(0xffffffff).nullable(),
	/** Pairs of token id and bias that is added to its logit. */
	logitBias: z.array(z.tuple([z.int().nonnegative(), z.number()])),
});
export type Sampling = z.infer<typeof samplingSchema>;

/** llama.cpp's GBNF. With a trigger token the grammar sleeps until that token was generated. */
const grammarSchema = z.object({ gbnf: z.string(), triggerToken: z.string().nullable() });
export type Grammar = z.infer<typeof grammarSchema>;

const phaseNameSchema = z.enum(['reasoning', 'answer']);
export type PhaseName = z.infer<typeof phaseNameSchema>;

/** Phases run in order. A phase ends on its end token, its budget, its deadline, a loop, or end of generation. */
export const phaseSchema = z.object({
	name: phaseNameSchema,
	/** When set, the phase happens only if generation opens with this token (Qwen3: the model decides to think). */
	startToken: z.string().nullable(),
	/** '</think>': resolved to one token id by the worker, never matched as text. */
	endToken: z.string().nullable(),
	/** In generated tokens: here the phase is closed wherever it is. The thinking budget with its grace. */
	maxTokens: z.int().nonnegative().nullable(),
	/** From this many tokens on the phase closes at the next sentence or line end. The thinking budget. */
	softLimitTokens: z.int().nonnegative().nullable(),
	/**
	 * What has to be left of the request's maxTokens and of the context when this phase is over, closing text and marks
	 * counted, but never more than half of what the prompt leaves of them: closes the phase before its own limits do where
	 * the prompt leaves little. Absent means 0.
	 */
	reserveTokens: z.int().nonnegative().optional(),
	maxMs: z.int().positive().nullable(),
	/** Text forced in before the end token when the phase is closed by us. */
	closing: z.string().nullable(),
	/** Text forced in after the end token, always: the format's whitespace. Counted, shown on neither side. */
	separator: z.string().nullable(),
	/** Close the phase when the same n-gram comes again and again. */
	closesOnLoop: z.boolean(),
	/** When the phase ends at once without text, begin it again this many times. */
	emptyRetries: z.int().min(0).max(1),
	/** The prompt ends inside this phase, the first one: white space that it begins with is text. Absent means false. */
	continues: z.boolean().optional(),
	sampling: samplingSchema,
	grammar: grammarSchema.nullable(),
});
export type Phase = z.infer<typeof phaseSchema>;

export const generateRequestSchema = z.object({
	requestId: z.string().min(1).max(128),
	prompt: z.array(promptPartSchema),
	/** Token ids that another worker generated before it died: continued, not repeated. */
	resume: z.array(z.int().nonnegative()),
	phases: z.array(phaseSchema).min(1),
	/** Bounds all phases together; null means to the end of the context. */
	maxTokens: z.int().nonnegative().nullable(),
	/** Alternatives a token, 0 for the chosen one alone, null for none. */
	logprobs: z.int().min(0).max(20).nullable(),
	/** Cached prefixes are shared only inside one scope. */
	cacheScope: z.string(),
	/** How the next turn will render this exchange: head, the answer's text, tail. Lets an idle slot warm up. */
	keepForNextTurn: z.object({ head: z.array(promptPartSchema), tail: z.array(promptPartSchema) }).nullable(),
	/**
	 * The prompt holds earlier answers. How many requests do tells how many answers are gone on with, and so what keeping a
	 * conversation is worth. Absent: unknown.
	 */
	isNextTurn: z.boolean().optional(),
	/**
	 * Tokens that come faster than this are joined to one delta. Absent: as the worker sees fit. 0 where every token has to
	 * be told apart, as behind a stop string, which decides at which token the generation ends.
	 */
	eventIntervalMs: z.number().nonnegative().optional(),
});
export type GenerateRequest = z.infer<typeof generateRequestSchema>;

const tokenLogprobSchema = z.object({
	id: z.int(),
	/** Raw UTF-8 of the token, base64: a token may be a part of a character. */
	bytes: z.string(),
	logprob: z.number(),
	top: z.array(z.object({ id: z.int(), bytes: z.string(), logprob: z.number() })),
});
export type TokenLogprob = z.infer<typeof tokenLogprobSchema>;

const timingsSchema = z.object({ queueMs: z.number(), prefillMs: z.number(), decodeMs: z.number() });

const phaseEndReasonSchema = z.enum([
	'closed',
	'budget',
	'deadline',
	'loop',
	'ended-by-client',
	'eos',
	'length',
	'skipped',
]);
export type PhaseEndReason = z.infer<typeof phaseEndReasonSchema>;

export const workerEventSchema = z.discriminatedUnion('type', [
	/** Always first: the prompt fits and a slot is held. */
	z.object({
		type: z.literal('generation-start'),
		promptTokens: z.int(),
		cachedTokens: z.int(),
		/** The pool's, when another worker goes on after so many tokens: what comes next follows what came before. */
		resumedTokens: z.int().optional(),
	}),
	/** Also the heartbeat: at least one between two slices of prefill. */
	z.object({ type: z.literal('prefill-progress'), evaluatedTokens: z.int(), totalTokens: z.int() }),
	z.object({
		type: z.literal('delta'),
		phase: phaseNameSchema,
		/** May be '' while an incomplete UTF-8 character is held back. Format whitespace is left out. */
		text: z.string(),
		/** The text is that of one control token (a tool mark), not of ordinary tokens that spell the same. */
		special: z.boolean(),
		/** Every generated or forced token id since the last delta, in order: what `resume` wants back. */
		ids: z.array(z.int()),
		logprobs: z.array(tokenLogprobSchema).nullable(),
	}),
	z.object({
		type: z.literal('phase-end'),
		phase: phaseNameSchema,
		reason: phaseEndReasonSchema,
		/** Tokens generated or forced in this phase, its end token excluded. */
		tokens: z.int(),
		ms: z.number(),
		emptyRetries: z.int(),
		/** The soft limit that applied: the phase's own, or less where the reserve left less. null for none. */
		budgetTokens: z.int().nullable().optional(),
		/** Closed at its budget, and at the end of a sentence or line. */
		landsSoftly: z.boolean().optional(),
		/** Ids of end token and separator, for `resume`. */
		ids: z.array(z.int()),
	}),
	z.object({
		type: z.literal('generation-end'),
		finishReason: z.enum(['stop', 'length']),
		promptTokens: z.int(),
		/** Of the prompt, those that were in the KV cache already. */
		cachedTokens: z.int(),
		/** Generated or forced, all phases, marks included; the end-of-generation token excluded. */
		completionTokens: z.int(),
		/** The part of completionTokens up to and including the end-of-thought token. */
		reasoningTokens: z.int(),
		timings: timingsSchema,
	}),
	/** After the first event; before it an error is an HTTP status. */
	z.object({ type: z.literal('generation-error'), code: z.string(), message: z.string() }),
]);
export type WorkerEvent = z.infer<typeof workerEventSchema>;

export const workerInfoSchema = z.object({
	protocolVersion: z.int(),
	versions: z.object({ retort: z.string(), nodeLlamaCpp: z.string(), llamaCpp: z.string(), backend: z.string() }),
	model: z.object({
		/** general.name of the GGUF, or its file name. */
		name: z.string(),
		/** SHA-256 of what makes two workers interchangeable: size, metadata, tensors' shapes. */
		fingerprint: z.string(),
		architecture: z.string(),
		parameters: z.number(),
		/** As 'Q4_K_M'; absent when the file does not say. */
		quantization: z.string().optional(),
		fileBytes: z.number(),
		trainContextTokens: z.int(),
		vocabularySize: z.int(),
	}),
	/** tokenizer.chat_template of the GGUF, unchanged. */
	chatTemplate: z.string().nullable(),
	/** Texts of the tokens that the template may name. */
	tokens: z.object({
		bos: z.string().nullable(),
		eos: z.string().nullable(),
		/** Every control and user-defined token's text, as '<think>' or '<｜User｜>'. */
		special: z.array(z.string()),
	}),
	/** A worker that makes embeddings, and generates nothing. */
	embedding: z.object({ dimensions: z.int() }).optional(),
	/** Per slot. */
	contextTokens: z.int(),
	slots: z.int(),
	threads: z.int(),
});
export type WorkerInfo = z.infer<typeof workerInfoSchema>;

/** What became of prefixes outside of the slot that they were in, since the worker started. */
const prefixCacheSchema = z.object({
	/** Copied from one slot to another. */
	copied: z.int(),
	/** Sequences that gave up their slot and were kept in memory; that came back; that went for want of room. */
	parked: z.int(),
	restored: z.int(),
	evicted: z.int(),
	/** What is kept now. */
	parkedBytes: z.int(),
});
export type PrefixCacheCounts = z.infer<typeof prefixCacheSchema>;

export const workerHealthSchema = z.object({
	state: z.enum(['loading', 'ready', 'draining', 'failed']),
	busySlots: z.int(),
	waiting: z.int(),
	/** Grows with every token evaluated: standing still while slots are busy means a stall. */
	progress: z.int(),
	rssBytes: z.int(),
	/** Absent while the model loads. */
	prefixCache: prefixCacheSchema.optional(),
});
export type WorkerHealth = z.infer<typeof workerHealthSchema>;

export const embedRequestSchema = z.object({
	inputs: z.array(z.array(promptPartSchema)),
	/** Inputs that are too long lose their end; else they are refused. */
	truncate: z.boolean(),
});
export type EmbedRequest = z.infer<typeof embedRequestSchema>;
/** In the order of the inputs. */
export const embedResponseSchema = z.object({
	embeddings: z.array(
		z.object({
			/** Of length 1: 32-bit floats, little-endian, base64. */
			vector: z.base64(),
			tokens: z.int(),
		}),
	),
});
export type EmbedResponse = z.infer<typeof embedResponseSchema>;

export const endPhaseRequestSchema = z.object({ phase: phaseNameSchema });
export const tokenizeRequestSchema = z.object({ prompt: z.array(promptPartSchema) });
export const tokenizeResponseSchema = z.object({ tokens: z.array(z.int()) });
export const detokenizeRequestSchema = z.object({ tokens: z.array(z.int().nonnegative()) });
export const detokenizeResponseSchema = z.object({ text: z.string() });
