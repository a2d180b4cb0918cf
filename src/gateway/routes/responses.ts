import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseRequest } from '../../protocol/parse-request.ts';
import { inputItemsQuerySchema } from '../../protocol/responses-input.ts';
import { addRoute } from '../add-route.ts';
import { answerOnce } from '../answer-once.ts';
import { type Caller, callerOf, scopeOf } from '../caller.ts';
import { createResponse, type ResponseServices } from '../create-response.ts';
import { responseCancelled, responseNotFound, responseNotRunning } from '../errors.ts';
import { describeItem } from '../response-items.ts';

/** POST /v1/responses, and what can be done with a response that is kept or under way, by the key that made it. */
export function addResponsesRoutes(app: FastifyInstance, services: ResponseServices): void {
	const { store, live, running } = services;
	addRoute(app, {
		method: 'POST',
		url: '/v1/responses',
		takesSlot: true,
		handler: (request, reply) =>
			answerOnce(services, request, reply, (abort) => createResponse(services, request, reply, abort)),
	});

	addRoute(app, {
		url: '/v1/responses/:id',
		handlers: {
			GET: async (request) => {
				const { id, scope } = addressed(request);
				const found = live.find(scope, id);
				if (found?.isStored === true) return found.response();
				return (await kept(scope, id)).response;
			},
			DELETE: async (request) => {
				const { id, scope } = addressed(request);
				if (!(await store.delete(scope, id))) throw responseNotFound(id);
				return { id, object: 'response', deleted: true };
			},
		},
	});

	addRoute(app, {
		method: 'POST',
		url: '/v1/responses/:id/cancel',
		handler: async (request) => {
			const { id, scope, caller } = addressed(request);
			const found = live.find(scope, id);
			if (found === null) throw responseNotRunning((await kept(scope, id)).response.status);
			running.find(id, caller)?.cancel(responseCancelled());
			await found.ended;
			return found.response();
		},
	});

	addRoute(app, {
		method: 'GET',
		url: '/v1/responses/:id/input_items',
		handler: async (request) => {
			const { id, scope } = addressed(request);
			const { limit, order, after } = parseRequest(inputItemsQuerySchema, request.query);
			const { input } = await kept(scope, id);
			const items = order === 'asc' ? input : input.toReversed();
			const begin = after === undefined ? 0 : items.findIndex((item) => item.id === after) + 1;
			const data = items.slice(begin, begin + limit).map(describeItem);
			return {
				object: 'list',
				data,
				first_id: items[begin]?.id ?? null,
				last_id: items[begin + data.length - 1]?.id ?? null,
				has_more: begin + data.length < items.length,
			};
		},
	});

	async function kept(scope: string, id: string) {
		const found = await store.get(scope, id);
		if (found === null) throw responseNotFound(id);
		return found;
	}
}

function addressed(request: FastifyRequest): { id: string; scope: string; caller: Caller } {
	const caller = callerOf(request);
	const { params } = request;
	const id = typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
	return { id, scope: scopeOf(caller.keyId), caller };
}
