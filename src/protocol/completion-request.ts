/** POST /v1/completions, the legacy endpoint: a raw prompt, no template. Unknown fields are ignored, null means absent. */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { chatRequestSchema } from './chat-request.ts';
import { optional } from './optional.ts';
import { parseRequest } from './parse-request.ts';
import { samplingShape } from './sampling-shape.ts';

const MAX_PROMPTS = 64;
/** Prompts times `n`. */
const MAX_TEXT_CHOICES = 128;
export const DEFAULT_TEXT_TOKENS = 16;

/** llama.cpp's ids are signed 32 bits; whether one is in the vocabulary is the worker's to say. */
export const tokenIdSchema = z.int().min(0).max(2_147_483_647);
const tokens = z.array(tokenIdSchema).min(1);
/** Text, in which control tokens may be written out, or a ready token array. */
export type RawPrompt = string | number[];

const { shape } = chatRequestSchema;

export const completionRequestSchema = z.object({
	model: shape.model,
	/** Always a list after the parse. */
	prompt: z
		.union([
			z.string().transform((one): RawPrompt[] => [one]),
			tokens.transform((one): RawPrompt[] => [one]),
			z.array(z.string()).min(1).max(MAX_PROMPTS),
			z.array(tokens).min(1).max(MAX_PROMPTS),
		])
		.describe(
			'Raw text, in which control tokens may be written out, or token ids; one or several. No template is applied.',
		),
	max_tokens: optional(z.int().min(1)).describe(
		`Most tokens to generate for each choice; ${DEFAULT_TEXT_TOKENS} when absent.`,
	),
	stream: shape.stream,
	stream_options: optional(
		z.object({
			include_usage: optional(z.boolean()).describe(
				'One more chunk before `[DONE]`, without choices, that has `usage`.',
			),
		}),
	).describe('Only with `stream: true`.'),
	echo: optional(z.boolean()).describe('Begin each text with its prompt. Not together with `logprobs`.'),
	n: optional(z.int().min(1).max(8)).describe(
		`Choices of each prompt. Prompts times \`n\` are at most ${MAX_TEXT_CHOICES}.`,
	),
	best_of: optional(z.int().min(0).max(20).meta({ maximum: 1 })).describe('Not supported above 1: use `n`.'),
	suffix: optional(z.string().meta({ maxLength: 0 })).describe('Not supported: text is only continued.'),
	logprobs: optional(z.int().min(0).max(5)).describe(
		'Likeliest alternatives at each token; 0 for the chosen one alone.',
	),
	stop: shape.stop.describe('Texts before which the text ends.'),
	...samplingShape,
	user: shape.user,
});
export type CompletionRequest = z.infer<typeof completionRequestSchema>;

/** Throws RetortError 400 that names the parameter. */
export function parseCompletionRequest(body: unknown): CompletionRequest {
	const request = parseRequest(completionRequestSchema, body);
	if (request.stream_options?.include_usage !== undefined && request.stream !== true) {
		throw invalidRequest('stream_options', null, "'stream_options' is only allowed when 'stream' is true.");
	}
	if ((request.suffix ?? '') !== '') {
		throw invalidRequest('suffix', 'unsupported_parameter', "'suffix' is not supported: text is only continued.");
	}
	if ((request.best_of ?? 1) > 1) {
		throw invalidRequest('best_of', 'unsupported_value', "'best_of' above 1 is not supported. Use 'n'.");
	}
	if (request.echo === true && request.logprobs !== undefined) {
		const message = "'echo' with 'logprobs' is not supported: a prompt has no log-probabilities here.";
		throw invalidRequest('echo', 'unsupported_value', message);
	}
	if (request.prompt.length * (request.n ?? 1) > MAX_TEXT_CHOICES) {
		throw invalidRequest('n', 'invalid_value', `Prompts times 'n' are more than ${MAX_TEXT_CHOICES} choices.`);
	}
	return request;
}
