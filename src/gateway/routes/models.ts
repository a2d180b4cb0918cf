import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../config/schema.ts';
import { modelNotFound } from '../../errors.ts';
import type { Model, ModelReasoning } from '../../protocol/server-responses.ts';
import { addRoute } from '../add-route.ts';
import { mayUseModel } from '../caller.ts';
import { describeReasoning as reasoningOf } from '../describe-reasoning.ts';
import type { GatewayModel, GatewayPool } from '../gateway-pool.ts';
import type { ModelTemplates } from '../model-templates.ts';

/** A key sees the models that it may use. */
export function addModelRoutes(
	app: FastifyInstance,
	pool: GatewayPool,
	config: Config,
	templates: ModelTemplates,
): void {
	const mayUse = (request: FastifyRequest, model: GatewayModel) =>
		request.caller !== null && mayUseModel(request.caller, model);
	addRoute(app, {
		method: 'GET',
		url: '/v1/models',
		handler: async (request) => ({
			object: 'list',
			data: [
				...pool
					.models()
					.filter((model) => mayUse(request, model))
					.map((model) => describeModel(model)),
				...pool.routes().flatMap((name) => {
					const model = servedAs(pool, request, name);
					return model === null ? [] : [describeModel(model, name)];
				}),
			],
		}),
	});
	addRoute(app, {
		method: 'GET',
		// A wildcard: ids like `user/repo:Q4_K_M` come encoded from some clients and as they are from others.
		url: '/v1/models/*',
		handler: async (request) => {
			const id = wildcardOf(request);
			const model = servedAs(pool, request, id);
			if (model === null) throw modelNotFound(id);
			const name = pool.routes().includes(id) ? id : model.name;
			return { ...describeModel(model, name), reasoning: describeReasoning(model, request, config, templates) };
		},
	});
}

/** The model that this caller gets under the name; null where there is none that it may use. */
function servedAs(pool: GatewayPool, { caller }: FastifyRequest, name: string): GatewayModel | null {
	if (caller === null) return null;
	const [model = null] = pool.candidates(name, caller.bucket);
	const isAllowed = model !== null && (mayUseModel(caller, model) || caller.key?.models?.includes(name) === true);
	return isAllowed ? model : null;
}

function describeModel(model: GatewayModel, name = model.name): Model {
	return { id: name, object: 'model', created: model.created, owned_by: 'retort' };
}

/** null until the model has been up once, and where its template cannot be used. */
function describeReasoning(
	model: GatewayModel,
	request: FastifyRequest,
	config: Config,
	templates: ModelTemplates,
): ModelReasoning | null {
	if (model.info === null) return null;
	try {
		const { traits } = templates.of(model.name, model.info);
		return reasoningOf(traits.reasoning, { config, key: request.caller?.key ?? null });
	} catch {
		return null;
	}
}

function wildcardOf(request: FastifyRequest): string {
	const { params } = request;
	const wildcard = typeof params === 'object' && params !== null && '*' in params ? params['*'] : '';
	return typeof wildcard === 'string' ? wildcard : '';
}
