import type { FastifyInstance, FastifyRequest, HTTPMethods, RouteHandlerMethod } from 'fastify';
import { methodNotSupported } from './errors.ts';

/** All that fastify knows. */
const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];

type Method = 'GET' | 'POST' | 'DELETE';

export type GatewayRoute = {
	url: string;
	isPublic?: boolean;
	takesSlot?: boolean;
	/** Refuses before the body is read. */
	onRequest?: (request: FastifyRequest) => Promise<void>;
} & ({ method: Method; handler: RouteHandlerMethod } | { handlers: Partial<Record<Method, RouteHandlerMethod>> });

/**
 * Adds the route, and for every other method of its URL a 405 that says which ones are right. OpenAI's routes are also
 * served without their /v1, as llama.cpp's are.
 */
export function addRoute(app: FastifyInstance, route: GatewayRoute): void {
	const { isPublic = false, takesSlot = false, onRequest } = route;
	const urls = route.url.startsWith('/v1/') ? [route.url, route.url.slice('/v1'.length)] : [route.url];
	const handlers = 'handlers' in route ? route.handlers : { [route.method]: route.handler };
	const served = METHODS.filter((method) => method in handlers);
	const allowed: HTTPMethods[] = served.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
	for (const url of urls) {
		for (const [method, handler] of Object.entries(handlers))
			app.route({ method, url, config: { isPublic, takesSlot }, ...(onRequest && { onRequest }), handler });
		app.route({
			method: METHODS.filter((other) => !allowed.includes(other)),
			url,
			config: { isPublic },
			// Before the body is looked at, whatever is wrong with it.
			onRequest: async (request, reply) => {
				reply.header('allow', allowed.join(', '));
				throw methodNotSupported(request.method, url, served.join(' or '));
			},
			handler: () => undefined,
		});
	}
}
