import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/schema.ts';

/** No CORS headers unless origins are configured: then those alone, and the headers that clients want to read. */
export function addCors(app: FastifyInstance, config: Config): void {
	const { corsOrigins } = config.server;
	if (corsOrigins.length === 0) return;
	app.register(cors, {
		origin: corsOrigins.includes('*') ? '*' : corsOrigins,
		methods: ['GET', 'POST', 'DELETE'],
		exposedHeaders: [
			'x-request-id',
			'request-id',
			'retry-after',
			'x-should-retry',
			...['limit', 'remaining', 'reset'].flatMap((part) => [
				`x-ratelimit-${part}-requests`,
				`x-ratelimit-${part}-tokens`,
			]),
		],
	});
}
