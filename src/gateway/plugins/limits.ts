import type { FastifyInstance } from 'fastify';
import { rateLimited } from '../errors.ts';
import { goDuration } from '../go-duration.ts';

const WINDOW_MS = 60_000;

/**
 * Requests a minute, counted by key id. The plugin's own headers and error are not OpenAI's, so only its counting is
 * used. Its store is keyed by what auth has established: an unknown key never gets an entry, so none can push out
 * those of others.
 */
export function addRequestLimits(app: FastifyInstance): void {
	app.after(() => {
		const count = app.createRateLimit({
			max: (request) => request.caller?.limits.requestsPerMinute ?? Number.MAX_SAFE_INTEGER,
			timeWindow: WINDOW_MS,
			keyGenerator: (request) => request.caller?.bucket ?? '',
		});
		app.addHook('onRequest', async (request, reply) => {
			const limit = request.caller?.limits.requestsPerMinute ?? null;
			if (limit === null || request.routeOptions.config.isPublic === true) return;
			const result = await count(request);
			if (result.isAllowed) return;
			reply.header('x-ratelimit-limit-requests', String(result.max));
			reply.header('x-ratelimit-remaining-requests', String(result.remaining));
			reply.header('x-ratelimit-reset-requests', goDuration(result.ttl));
			if (!result.isExceeded) return;
			const message = `Rate limit reached: ${result.max} requests per minute. Please try again in ${goDuration(result.ttl)}.`;
			throw rateLimited('requests', message, { waitMs: result.ttl });
		});
	});
}
