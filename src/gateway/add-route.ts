import type { FastifyInstance, HTTPMethods, RouteHandlerMethod } from 'fastify';
import { methodNotSupported } from './errors.ts';

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export type GatewayRoute = { method: 'GET' | 'POST'; url: string; isPublic?: boolean; handler: RouteHandlerMethod };

/**
 * Adds the route, and for every other method of its URL a 405 that says which one is right. OpenAI's routes are also
 * served without their /v1, as llama.cpp's are.
 */
export function addRoute(app: FastifyInstance, route: GatewayRoute): void {
	const { method, isPublic = false, handler } = route;
	const urls = route.url.startsWith('/v1/') ? [route.url, route.url.slice('/v1'.length)] : [route.url];
	const allowed: HTTPMethods[] = method === 'GET' ? ['GET', 'HEAD'] : [method];
	for (const url of urls) {
		app.route({ method, url, config: { isPublic }, handler });
		app.route({
			method: METHODS.filter((other) => !allowed.includes(other)),
			url,
			config: { isPublic },
			handler: async (request, reply) => {
				reply.header('allow', allowed.join(', '));
				throw methodNotSupported(request.method, url, method);
			},
		});
	}
}
