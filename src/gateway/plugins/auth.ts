import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../config/schema.ts';
import { addressOf } from '../address.ts';
import type { Caller } from '../caller.ts';
import { invalidKey, missingKey, rateLimited } from '../errors.ts';
import { createKeyRing } from '../key-ring.ts';
import type { KeyState } from '../key-state.ts';

/** Guesses at a random key are hopeless at any rate; this bounds what they cost in answers and log lines. */
const FAILURES_PER_MINUTE = 60;

/** Runs before the body is read. Right keys are never held up by wrong ones from the same address. */
export function addAuth(app: FastifyInstance, config: Config, revoked: KeyState['revoked']): void {
	const ring = createKeyRing(config.keys);
	app.after(() => {
		const countFailure = app.createRateLimit({
			max: FAILURES_PER_MINUTE,
			timeWindow: 60_000,
			keyGenerator: (request) => addressOf(request),
		});
		app.addHook('onRequest', async (request, reply) => {
			if (ring.isEmpty) {
				request.caller = openCaller(request, config);
				return;
			}
			if (request.routeOptions.config.isPublic === true) return;
			const token = bearerToken(request);
			const key = token === null ? null : ring.find(token);
			if (key !== null && !revoked.has(key.id)) {
				request.caller = { keyId: key.id, bucket: `key:${key.id}`, key, limits: key.limits ?? config.limits };
				return;
			}
			const failures = await countFailure(request);
			if (!failures.isAllowed && failures.isExceeded) {
				throw rateLimited('requests', 'Too many requests with a wrong API key.', { waitMs: failures.ttl });
			}
			reply.header('www-authenticate', 'Bearer');
			throw token === null ? missingKey() : invalidKey();
		});
	});
}

function openCaller(request: FastifyRequest, config: Config): Caller {
	return { keyId: null, bucket: `ip:${addressOf(request)}`, key: null, limits: config.limits };
}

function bearerToken(request: FastifyRequest): string | null {
	const match = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '');
	if (match?.[1] !== undefined) return match[1];
	// Anthropic's clients. An Authorization header of another kind stays wrong.
	const given = request.headers['x-api-key'];
	return request.headers.authorization === undefined && typeof given === 'string' && given !== '' ? given : null;
}
