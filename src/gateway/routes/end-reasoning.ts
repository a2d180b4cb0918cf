import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addRoute } from '../add-route.ts';
import { completionNotFound } from '../errors.ts';
import type { GatewayPool } from '../gateway-pool.ts';

/** Closes the thought of a completion that is streaming, so that its answer comes now. For the key that started it. */
export function addEndReasoningRoute(app: FastifyInstance, pool: GatewayPool): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/chat/completions/:id/end-reasoning',
		handler: async (request) => {
			const id = idOf(request);
			const completion = request.caller === null ? null : app.running.find(id, request.caller);
			if (completion === null) throw completionNotFound();
			// False where the thought has already ended: the caller has what it wanted.
			const ended = await Promise.all(completion.generations.map((one) => pool.endPhase(one, 'reasoning')));
			return { id, ended: ended.includes(true) };
		},
	});
}

function idOf(request: FastifyRequest): string {
	const { params } = request;
	return typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
}
