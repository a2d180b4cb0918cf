import type { FastifyInstance, FastifyRequest } from 'fastify';
import { modelNotFound } from '../../errors.ts';
import { addRoute } from '../add-route.ts';
import { mayUseModel } from '../caller.ts';
import type { GatewayModel, GatewayPool } from '../gateway-pool.ts';

/** A key sees the models that it may use. */
export function addModelRoutes(app: FastifyInstance, pool: GatewayPool): void {
	const mayUse = (request: FastifyRequest, model: GatewayModel) =>
		request.caller !== null && mayUseModel(request.caller, model);
	addRoute(app, {
		method: 'GET',
		url: '/v1/models',
		handler: async (request) => ({
			object: 'list',
			data: pool
				.models()
				.filter((model) => mayUse(request, model))
				.map(describeModel),
		}),
	});
	addRoute(app, {
		method: 'GET',
		// A wildcard: ids like `user/repo:Q4_K_M` come encoded from some clients and as they are from others.
		url: '/v1/models/*',
		handler: async (request) => {
			const id = wildcardOf(request);
			const model = pool.findModel(id);
			if (model === null || !mayUse(request, model)) throw modelNotFound(id);
			return describeModel(model);
		},
	});
}

function describeModel(model: GatewayModel) {
	return { id: model.name, object: 'model', created: model.created, owned_by: 'retort' };
}

function wildcardOf(request: FastifyRequest): string {
	const { params } = request;
	const wildcard = typeof params === 'object' && params !== null && '*' in params ? params['*'] : '';
	return typeof wildcard === 'string' ? wildcard : '';
}
