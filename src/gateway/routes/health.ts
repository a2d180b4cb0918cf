import type { FastifyInstance } from 'fastify';
import { addRoute } from '../add-route.ts';
import type { GatewayPool } from '../gateway-pool.ts';

/**
 * /livez: the process answers. /readyz: at least one model can be served (one that rests is loaded on demand), and no shutdown has begun. Both tell
 * a word and nothing of the inside, so they need no key; /health is what containers and llama.cpp's users ask for.
 */
export function addHealthRoutes(app: FastifyInstance, pool: GatewayPool): void {
	const ready = () =>
		!app.running.isDraining && pool.models().some(({ state }) => state === 'ready' || state === 'resting');
	addRoute(app, { method: 'GET', url: '/livez', isPublic: true, handler: async () => ({ status: 'ok' }) });
	for (const url of ['/readyz', '/health']) {
		addRoute(app, {
			method: 'GET',
			url,
			isPublic: true,
			handler: async (_request, reply) => {
				if (ready()) return { status: 'ok' };
				reply.code(503).header('retry-after', '2');
				return { status: app.running.isDraining ? 'draining' : 'loading' };
			},
		});
	}
}
