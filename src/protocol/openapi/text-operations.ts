import { completionRequestSchema } from '../completion-request.ts';
import { textCompletionSchema } from '../completion-response.ts';
import { embeddingsRequestSchema } from '../embeddings-request.ts';
import { embeddingsResponseSchema } from '../embeddings-response.ts';
import { detokenizedSchema, promptSchema, tokenizedSchema } from '../server-responses.ts';
import { countedChatSchema, detokenizeSchema, tokenizeSchema } from '../token-requests.ts';
import type { Operation } from './operation.ts';

export const textOperations: Operation[] = [
	{
		method: 'post',
		path: '/v1/completions',
		id: 'createCompletion',
		tag: 'Completions',
		summary: 'Continue a raw text',
		description:
			'The older endpoint: no template, no roles, nothing taken out of the text; a thought stands in it as the model wrote it.',
		generates: true,
		request: completionRequestSchema,
		examples: { plain: { model: 'pocket-reasoner', prompt: 'Once upon a time', max_tokens: 32 } },
		answer: {
			description: 'The completion, or its chunks with `stream: true`.',
			json: textCompletionSchema,
			stream: {
				event: textCompletionSchema,
				end: '[DONE]',
				description:
					'One `data:` line a chunk, then `data: [DONE]`. A failure in mid-stream is one chunk `{"error": {...}}`.',
			},
		},
	},
	{
		method: 'post',
		path: '/v1/embeddings',
		id: 'createEmbeddings',
		tag: 'Embeddings',
		summary: 'Make embeddings',
		description: 'Of a model that makes them; one that generates text answers 400. Vectors have length 1.',
		request: embeddingsRequestSchema,
		examples: {
			plain: { model: 'an-embedding-model', input: ['Is 91 a prime?', 'Ninety-one is seven times thirteen.'] },
		},
		answer: { description: 'A vector an input, in order.', json: embeddingsResponseSchema },
		failures: [404, 503],
	},
	{
		method: 'post',
		path: '/v1/tokenize',
		id: 'tokenize',
		tag: 'Tokens',
		summary: 'Text to tokens',
		request: tokenizeSchema,
		examples: { plain: { content: 'Is 91 a prime?', with_pieces: true } },
		answer: { description: 'The token ids, with `with_pieces` each beside its text.', json: tokenizedSchema },
		failures: [404, 503],
	},
	{
		method: 'post',
		path: '/v1/detokenize',
		id: 'detokenize',
		tag: 'Tokens',
		summary: 'Tokens to text',
		request: detokenizeSchema,
		examples: { plain: { tokens: [1, 2, 3] } },
		answer: { description: 'The text.', json: detokenizedSchema },
		failures: [404, 503],
	},
	{
		method: 'post',
		path: '/v1/apply-template',
		id: 'applyTemplate',
		tag: 'Tokens',
		summary: 'The prompt that a conversation becomes',
		request: countedChatSchema,
		examples: { plain: { messages: [{ role: 'user', content: 'Is 91 a prime?' }] } },
		answer: { description: "The prompt, rendered by the model's own template.", json: promptSchema },
		failures: [404, 503],
	},
];
