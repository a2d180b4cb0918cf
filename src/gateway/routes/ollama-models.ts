import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidRequest } from '../../errors.ts';
import { ollamaShowRequestSchema } from '../../protocol/ollama-request.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { abortOnDisconnect } from '../answer.ts';
import { callerOf, mayUseModel } from '../caller.ts';
import { describeForShow, describeModel, modifiedAt } from '../describe-ollama-model.ts';
import type { GatewayPool } from '../gateway-pool.ts';
import type { ModelTemplates } from '../model-templates.ts';
import { fromOllamaName } from '../ollama-names.ts';
import { resolveModel } from '../resolve-model.ts';

/** The oldest Ollama that has all that is served here (thinking by levels): tools decide by it what they may ask for. */
const OLLAMA_VERSION = '0.11.0';
/** Models stay loaded. */
const NEVER = '9999-12-31T23:59:59Z';

/** What tools ask to find out whether Ollama is there, which models it has, and what those can do. */
export function addOllamaModelRoutes(
	app: FastifyInstance,
	services: { pool: GatewayPool; templates: ModelTemplates; version: string },
): void {
	const { pool, templates, version } = services;
	const visible = (request: FastifyRequest) =>
		pool.models().filter((model) => request.caller !== null && mayUseModel(request.caller, model));

	// Ollama's command line and some tools look here first.
	addRoute(app, {
		method: 'GET',
		url: '/',
		handler: async (_request, reply) => reply.type('text/plain; charset=utf-8').send('retort is running\n'),
	});
	addRoute(app, {
		method: 'GET',
		url: '/api/version',
		handler: async () => ({ version: OLLAMA_VERSION, retort: version }),
	});
	addRoute(app, {
		method: 'GET',
		url: '/api/tags',
		handler: async (request) => ({
			models: visible(request).map((model) => ({ ...describeModel(model), modified_at: modifiedAt(model) })),
		}),
	});
	addRoute(app, {
		method: 'GET',
		url: '/api/ps',
		handler: async (request) => ({
			models: visible(request)
				.filter((model) => model.state === 'ready')
				.map((model) => ({
					...describeModel(model),
					expires_at: NEVER,
					context_length: model.info?.contextTokens ?? 0,
				})),
		}),
	});
	addRoute(app, {
		method: 'POST',
		url: '/api/show',
		handler: async (request, reply) => {
			const wanted = parseRequest(ollamaShowRequestSchema, request.body);
			const name = wanted.model ?? wanted.name;
			if (name === undefined)
				throw invalidRequest('model', 'missing_required_parameter', "Missing required parameter: 'model'.");
			const caller = callerOf(request);
			const { signal } = abortOnDisconnect(request, reply);
			const { model, info } = await resolveModel(pool, caller, fromOllamaName(name, pool), 'any', signal);
			const template = info.embedding === undefined ? templates.of(model.name, info) : null;
			return describeForShow(model, info, template);
		},
	});
}
