import type { FastifyInstance, FastifyRequest } from 'fastify';
import { onDisconnect } from '../disconnect-signal.ts';
import { CLIENT_LEFT } from '../errors.ts';
import type { GatewayLog } from '../log.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { isSafeId } from '../request-id.ts';

/** One line and one count at the end of every request. Patterns and ids only: the path itself is the client's text. */
export function addRequestLog(app: FastifyInstance, log: GatewayLog, metrics: GatewayMetrics): void {
	const ended = (request: FastifyRequest, status: number) => {
		const route = request.routeOptions.url ?? 'unknown';
		const ms = performance.now() - request.startedAt;
		const isRetry = Number(request.headers['x-stainless-retry-count'] ?? 0) > 0;
		metrics.requestEnded({ route, status, model: request.modelLabel, seconds: ms / 1000, isRetry });
		const fields = {
			requestId: request.id,
			...clientRequestId(request),
			keyId: request.caller?.keyId ?? null,
			method: request.method,
			route,
			status,
			ms: Math.round(ms),
		};
		// Probes come every few seconds and say nothing; a generation has said it already.
		if (request.routeOptions.config?.isPublic === true || request.hasGeneration) log.debug(fields, 'request ended');
		else log.info(fields, 'request ended');
	};
	app.addHook('onRequest', async (request, reply) => {
		const finished = () => {
			stop();
			ended(request, reply.statusCode);
		};
		const stop = onDisconnect(reply.raw, request.raw.socket, () => {
			// What the handler still sends to a client that has left finishes too.
			reply.raw.off('finish', finished);
			ended(request, CLIENT_LEFT);
		});
		reply.raw.once('finish', finished);
	});
}

/** The id that OpenAI's SDKs let a caller choose, so that both sides' logs can be laid beside each other. */
function clientRequestId(request: FastifyRequest): { clientRequestId?: string } {
	const given = request.headers['x-client-request-id'];
	return isSafeId(given) ? { clientRequestId: given } : {};
}
