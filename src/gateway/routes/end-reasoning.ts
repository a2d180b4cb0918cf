import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addRoute } from '../add-route.ts';
import type { EndReasoning } from '../end-reasoning.ts';
import { completionNotFound } from '../errors.ts';

/**
 * Closes the thought of a completion that is streaming, so that its answer comes now. For the key that started it.
 * `elsewhere` asks the other processes of this gateway: the stream's connection was another one, and may be theirs.
 */
export function addEndReasoningRoute(app: FastifyInstance, here: EndReasoning, elsewhere: EndReasoning): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/chat/completions/:id/end-reasoning',
		handler: async (request) => {
			if (request.caller === null) throw completionNotFound();
			const asked = { id: idOf(request), keyId: request.caller.keyId };
			const ended = (await here(asked)) ?? (await elsewhere(asked));
			if (ended === null) throw completionNotFound();
			// False where the thought has already ended: the caller has what it wanted.
			return { id: asked.id, ended };
		},
	});
}

function idOf(request: FastifyRequest): string {
	const { params } = request;
	return typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
}
