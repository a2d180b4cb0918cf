import type { FastifyInstance } from 'fastify';
import { isMessagesUrl } from '../anthropic-error.ts';
import { missingHost, tooManyHeaders } from '../errors.ts';

/** Node keeps the first 1,000 headers and drops the rest unseen, Content-Length among them: refuse long before. */
const MAX_HEADERS = 200;

/** First of all hooks: the id on every response, errors and streams included, and the request's own clock. */
export function addRequestBasics(app: FastifyInstance): void {
	app.decorateRequest('caller', null);
	app.decorateRequest('startedAt', 0);
	app.decorateRequest('modelLabel', '');
	app.decorateRequest('hasGeneration', false);
	app.addHook('onRequest', async (request, reply) => {
		request.startedAt = performance.now();
		reply.header('x-request-id', request.id);
		// Under this name Anthropic's clients look for it.
		if (isMessagesUrl(request.routeOptions.url)) reply.header('request-id', request.id);
		if (app.running.isDraining) reply.header('connection', 'close');
		if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) throw missingHost();
		if (request.raw.rawHeaders.length > MAX_HEADERS * 2) throw tooManyHeaders();
	});
}
