import type { FastifyInstance } from 'fastify';
import { addRoute } from '../add-route.ts';
import type { GatewayMetrics } from '../metrics.ts';

/** Behind a key like everything else where there are keys: traffic and models are nobody else's business. */
export function addMetricsRoute(app: FastifyInstance, metrics: GatewayMetrics): void {
	addRoute(app, {
		method: 'GET',
		url: '/metrics',
		handler: async (_request, reply) => {
			reply.header('content-type', metrics.registry.contentType);
			return metrics.registry.metrics();
		},
	});
}
