import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { addRoute } from '../add-route.ts';

/** Behind a key like everything else where there are keys: traffic and models are nobody else's business. */
export function addMetricsRoute(app: FastifyInstance, render: () => Promise<string>): void {
	addRoute(app, {
		method: 'GET',
		url: '/metrics',
		handler: async (_request, reply) => {
			reply.header('content-type', Registry.PROMETHEUS_CONTENT_TYPE);
			return render();
		},
	});
}
