import { ollamaChatRequestSchema, ollamaGenerateRequestSchema, ollamaShowRequestSchema } from '../ollama-request.ts';
import {
	ollamaChatLineSchema,
	ollamaGenerateLineSchema,
	ollamaPsSchema,
	ollamaShowSchema,
	ollamaTagsSchema,
	ollamaVersionSchema,
} from '../ollama-response.ts';
import type { Operation } from './operation.ts';

const LINES =
	'One JSON object a line; the last one has `done: true`. A failure in mid-stream is a line `{"error": "..."}`.';
const media = 'application/x-ndjson';

export const ollamaOperations: Operation[] = [
	{
		method: 'post',
		path: '/api/chat',
		id: 'ollamaChat',
		tag: 'Ollama',
		summary: 'Answer a conversation, in the form of Ollama',
		description:
			'Streamed unless `stream` is false. A thought is the field `thinking` of the message. `think: false` switches it off. Options about loading (`num_ctx`, `num_gpu` and the like) change nothing.',
		envelope: 'Ollama',
		generates: true,
		request: ollamaChatRequestSchema,
		examples: {
			plain: { model: 'pocket-reasoner', messages: [{ role: 'user', content: 'Is 91 a prime?' }], stream: false },
		},
		answer: {
			description: 'The lines, or with `stream: false` one object that has all of it.',
			json: ollamaChatLineSchema,
			stream: { event: ollamaChatLineSchema, description: LINES, media },
		},
	},
	{
		method: 'post',
		path: '/api/generate',
		id: 'ollamaGenerate',
		tag: 'Ollama',
		summary: 'Answer a prompt, in the form of Ollama',
		description: 'The prompt is a question of the user: the template is applied to it.',
		envelope: 'Ollama',
		generates: true,
		request: ollamaGenerateRequestSchema,
		examples: { plain: { model: 'pocket-reasoner', prompt: 'Is 91 a prime?', stream: false } },
		answer: {
			description: 'The lines, or with `stream: false` one object that has all of it.',
			json: ollamaGenerateLineSchema,
			stream: { event: ollamaGenerateLineSchema, description: LINES, media },
		},
	},
	{
		method: 'get',
		path: '/api/tags',
		id: 'ollamaListModels',
		tag: 'Ollama',
		summary: 'List the models, in the form of Ollama',
		envelope: 'Ollama',
		answer: { description: 'The models.', json: ollamaTagsSchema },
	},
	{
		method: 'get',
		path: '/api/ps',
		id: 'ollamaListRunning',
		tag: 'Ollama',
		summary: 'List the models that are up, in the form of Ollama',
		envelope: 'Ollama',
		answer: { description: 'The models.', json: ollamaPsSchema },
	},
	{
		method: 'post',
		path: '/api/show',
		id: 'ollamaShowModel',
		tag: 'Ollama',
		summary: 'Describe a model, in the form of Ollama',
		envelope: 'Ollama',
		request: ollamaShowRequestSchema,
		examples: { plain: { model: 'pocket-reasoner' } },
		answer: { description: 'What it is and what it can do.', json: ollamaShowSchema },
		failures: [404, 503],
	},
	{
		method: 'get',
		path: '/api/version',
		id: 'ollamaVersion',
		tag: 'Ollama',
		summary: 'Tell the version',
		envelope: 'Ollama',
		answer: { description: 'The versions.', json: ollamaVersionSchema },
	},
];
