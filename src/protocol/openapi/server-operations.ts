import {
	keyReportSchema,
	keyRequestSchema,
	poolReportSchema,
	workerReportSchema,
	workerRequestSchema,
} from '../admin-api.ts';
import { healthSchema, modelDetailSchema, modelListSchema } from '../server-responses.ts';
import type { Operation } from './operation.ts';

const notReady = { 503: { description: 'Not now: the models load, or a shutdown has begun.', json: healthSchema } };

const ADMIN = 'For a key with `admin: true`; where there are no keys, for who asks from this machine.';
const VERBS = {
	drain: 'Give a worker nothing new; what runs there ends',
	undrain: 'Give a drained worker requests again',
	restart: 'Start a worker anew, once what runs there has ended',
};

export const serverOperations: Operation[] = [
	{
		method: 'get',
		path: '/v1/models',
		id: 'listModels',
		tag: 'Models',
		summary: 'List the models',
		description: 'Those that the key may use.',
		answer: { description: 'The models.', json: modelListSchema },
	},
	{
		method: 'get',
		path: '/v1/models/{id}',
		id: 'getModel',
		tag: 'Models',
		summary: 'Describe a model, and what may be asked of its thinking',
		parameters: [
			{
				name: 'id',
				in: 'path',
				description: 'Name or alias; a slash in it may be encoded or not.',
				example: 'pocket-reasoner',
			},
		],
		answer: { description: 'The model.', json: modelDetailSchema },
		failures: [404],
	},
	{
		method: 'get',
		path: '/health',
		id: 'getHealth',
		tag: 'Server',
		summary: 'Whether requests can be answered',
		isPublic: true,
		answer: { description: 'A worker is ready for at least one model.', json: healthSchema },
		otherAnswers: notReady,
	},
	{
		method: 'get',
		path: '/readyz',
		id: 'getReadiness',
		tag: 'Server',
		summary: 'The same, under the name that orchestrators use',
		isPublic: true,
		answer: { description: 'A worker is ready for at least one model.', json: healthSchema },
		otherAnswers: notReady,
	},
	{
		method: 'get',
		path: '/livez',
		id: 'getLiveness',
		tag: 'Server',
		summary: 'Whether the process answers',
		isPublic: true,
		answer: { description: 'It does.', json: healthSchema },
	},
	{
		method: 'get',
		path: '/metrics',
		id: 'getMetrics',
		tag: 'Server',
		summary: 'Metrics for Prometheus',
		description: 'Behind a key like everything else where there are keys.',
		answer: { description: 'The metrics, in the text format.', media: 'text/plain' },
	},
	{
		method: 'get',
		path: '/openapi.json',
		id: 'getApiDocument',
		tag: 'Server',
		summary: 'This document',
		isPublic: true,
		answer: { description: 'OpenAPI 3.1.', media: 'application/json' },
	},
	{
		method: 'get',
		path: '/docs',
		id: 'getApiDocs',
		tag: 'Server',
		summary: 'This document for people',
		isPublic: true,
		answer: { description: 'A page that loads nothing from elsewhere.', media: 'text/html' },
	},
	{
		method: 'get',
		path: '/',
		id: 'getRoot',
		tag: 'Server',
		summary: 'Say that the server runs',
		description: "Ollama's command line and some tools look here first.",
		answer: { description: 'A line of text.', media: 'text/plain' },
	},
	{
		method: 'get',
		path: '/admin/pool',
		id: 'getPool',
		tag: 'Server',
		summary: 'Show models, workers and the queue',
		description: ADMIN,
		answer: { description: 'The pool.', json: poolReportSchema },
	},
	...(['drain', 'undrain', 'restart'] as const).map(
		(verb): Operation => ({
			method: 'post',
			path: `/admin/${verb}`,
			id: `${verb}Worker`,
			tag: 'Server',
			summary: VERBS[verb],
			description: ADMIN,
			request: workerRequestSchema,
			examples: { plain: { worker: 'pocket-reasoner/0' } },
			answer: { description: 'The worker.', json: workerReportSchema },
			failures: [404],
		}),
	),
	...(['revoke', 'restore'] as const).map(
		(verb): Operation => ({
			method: 'post',
			path: `/admin/${verb}-key`,
			id: `${verb}Key`,
			tag: 'Server',
			summary: verb === 'revoke' ? 'Let a key count no more' : 'Let a revoked key count again',
			description: ADMIN,
			request: keyRequestSchema,
			examples: { plain: { key: 'alice' } },
			answer: { description: 'The key.', json: keyReportSchema },
			failures: [404],
		}),
	),
];
