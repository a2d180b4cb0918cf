import type { FastifyInstance } from 'fastify';
import { rateLimited } from '../errors.ts';
import { goDuration } from '../go-duration.ts';
import type { RequestCounter } from '../request-counter.ts';

const WINDOW_MS = 60_000;

/**
 * Requests a minute, counted by what auth has established: an unknown key never gets a counter, so none can push out those
 * of others.
 */
export function addRequestLimits(app: FastifyInstance, counter: RequestCounter): void {
	app.after(() => {
		app.addHook('onRequest', async (request, reply) => {
			const { caller } = request;
			const limit = caller?.limits.requestsPerMinute ?? null;
			if (caller === null || limit === null || request.routeOptions.config.isPublic === true) return;
			const { current, ttlMs } = await counter.count(caller.bucket, WINDOW_MS);
			reply.header('x-ratelimit-limit-requests', String(limit));
			reply.header('x-ratelimit-remaining-requests', String(Math.max(0, limit - current)));
			reply.header('x-ratelimit-reset-requests', goDuration(ttlMs));
			if (current <= limit) return;
			const message = `Rate limit reached: ${limit} requests per minute. Please try again in ${goDuration(ttlMs)}.`;
			throw rateLimited('requests', message, { waitMs: ttlMs });
		});
	});
}
