import type { FastifyInstance, FastifyRequest } from 'fastify';
import { onDisconnect } from '../disconnect-signal.ts';
import { CLIENT_LEFT } from '../errors.ts';
import type { GatewayLog } from '../log.ts';
import type { GatewayMetrics } from '../metrics.ts';

/** One line and one count at the end of every request. Patterns and ids only: the path itself is the client's text. */
export function addRequestLog(app: FastifyInstance, log: GatewayLog, metrics: GatewayMetrics): void {
	const ended = (request: FastifyRequest, status: number) => {
		const route = request.routeOptions.url ?? 'unknown';
		const ms = performance.now() - request.startedAt;
		const isRetry = Number(request.headers['x-stainless-retry-count'] ?? 0) > 0;
		metrics.requestEnded({ route, status, model: request.modelLabel, seconds: ms / 1000, isRetry });
		const fields = {
			requestId: request.id,
			keyId: request.caller?.keyId ?? null,
			method: request.method,
			route,
			status,
			ms: Math.round(ms),
		};
		// Probes come every few seconds and say nothing.
		if (request.routeOptions.config?.isPublic === true) log.debug(fields, 'request ended');
		else log.info(fields, 'request ended');
	};
	app.addHook('onRequest', async (request, reply) => {
		const stop = onDisconnect(reply.raw, request.raw.socket, () => ended(request, CLIENT_LEFT));
		reply.raw.once('finish', () => {
			stop();
			ended(request, reply.statusCode);
		});
	});
}
