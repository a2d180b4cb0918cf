import {
	ollamaChatRequestSchema,
	ollamaEmbeddingsRequestSchema,
	ollamaEmbedRequestSchema,
	ollamaGenerateRequestSchema,
	ollamaShowRequestSchema,
} from '../ollama-request.ts';
import {
	ollamaChatLineSchema,
	ollamaEmbeddingsSchema,
	ollamaEmbedSchema,
	ollamaGenerateLineSchema,
	ollamaPsSchema,
	ollamaShowSchema,
	ollamaTagsSchema,
	ollamaVersionSchema,
} from '../ollama-response.ts';
import type { Operation } from './operation.ts';

const LINES =
	'One JSON object a line; the last one has `done: true`. A failure in mid-stream is a line `{"error": "..."}`.';
const LINES_OR_WHOLE = 'The lines, or with `stream: false` one object that has all of it.';
const media = 'application/x-ndjson';

const operations: Omit<Operation, 'tag'>[] = [
	{
		method: 'post',
		path: '/api/chat',
		id: 'ollamaChat',
		summary: 'Answer a conversation, in the form of Ollama',
		description:
			'Streamed unless `stream` is false. A thought is the field `thinking` of the message. `think: false` switches it off. Options about loading (`num_ctx`, `num_gpu` and the like) change nothing.',
		generates: true,
		request: ollamaChatRequestSchema,
		examples: {
			plain: { model: 'pocket-reasoner', messages: [{ role: 'user', content: 'Is 91 a prime?' }], stream: false },
		},
		answer: {
			description: LINES_OR_WHOLE,
			json: ollamaChatLineSchema,
			stream: { event: ollamaChatLineSchema, description: LINES, media },
		},
	},
	{
		method: 'post',
		path: '/api/generate',
		id: 'ollamaGenerate',
		summary: 'Answer a prompt, in the form of Ollama',
		description: 'The prompt is a question of the user: the template is applied to it.',
		generates: true,
		request: ollamaGenerateRequestSchema,
		examples: { plain: { model: 'pocket-reasoner', prompt: 'Is 91 a prime?', stream: false } },
		answer: {
			description: LINES_OR_WHOLE,
			json: ollamaGenerateLineSchema,
			stream: { event: ollamaGenerateLineSchema, description: LINES, media },
		},
	},
	{
		method: 'post',
		path: '/api/embed',
		id: 'ollamaEmbed',
		summary: 'Make embeddings, in the form of Ollama',
		description: 'Inputs that are too long are cut, unless `truncate` is false.',
		request: ollamaEmbedRequestSchema,
		examples: { plain: { model: 'an-embedding-model', input: 'Is 91 a prime?' } },
		answer: { description: 'A vector an input, in order.', json: ollamaEmbedSchema },
		failures: [404, 503],
	},
	{
		method: 'post',
		path: '/api/embeddings',
		id: 'ollamaEmbedOne',
		summary: 'Make one embedding, in the older form of Ollama',
		request: ollamaEmbeddingsRequestSchema,
		examples: { plain: { model: 'an-embedding-model', prompt: 'Is 91 a prime?' } },
		answer: { description: 'The vector.', json: ollamaEmbeddingsSchema },
		failures: [404, 503],
	},
	{
		method: 'get',
		path: '/api/tags',
		id: 'ollamaListModels',
		summary: 'List the models, in the form of Ollama',
		answer: { description: 'The models.', json: ollamaTagsSchema },
	},
	{
		method: 'get',
		path: '/api/ps',
		id: 'ollamaListRunning',
		summary: 'List the models that are up, in the form of Ollama',
		answer: { description: 'The models.', json: ollamaPsSchema },
	},
	{
		method: 'post',
		path: '/api/show',
		id: 'ollamaShowModel',
		summary: 'Describe a model, in the form of Ollama',
		request: ollamaShowRequestSchema,
		examples: { plain: { model: 'pocket-reasoner' } },
		answer: { description: 'What it is and what it can do.', json: ollamaShowSchema },
		failures: [404, 503],
	},
	{
		method: 'get',
		path: '/api/version',
		id: 'ollamaVersion',
		summary: 'Tell the version',
		answer: { description: 'The versions.', json: ollamaVersionSchema },
	},
];

export const ollamaOperations = operations.map((one): Operation => ({ ...one, tag: 'Ollama', envelope: 'Ollama' }));
