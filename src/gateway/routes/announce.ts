import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/schema.ts';
import { type AnnounceResponse, announceRequestSchema } from '../../protocol/announce-api.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { announcedUrl } from '../announced-url.ts';
import { wrongWorkerToken } from '../errors.ts';
import type { GatewayPool } from '../gateway-pool.ts';

/** A worker that missed so many beats has gone. */
const BEATS = 3;

/** Where workers say that they are there. No API key opens it, and its token opens nothing else. */
export function addAnnounceRoute(
	app: FastifyInstance,
	{ pool, token, config }: { pool: GatewayPool; token: string; config: Config['announcements'] },
): void {
	const expected = digest(`Bearer ${token}`);
	addRoute(app, {
		method: 'POST',
		url: '/workers/announce',
		// Of the keys' check: it has its own.
		isPublic: true,
		// Before the body is read. Hashes are compared, so neither length nor a right beginning shows in the time.
		onRequest: async ({ headers }) => {
			if (!timingSafeEqual(digest(headers.authorization ?? ''), expected)) throw wrongWorkerToken();
		},
		handler: async (request): Promise<AnnounceResponse> => {
			const { model, leaves, ...where } = parseRequest(announceRequestSchema, request.body);
			const url = announcedUrl(where, request.ip, config.allow);
			await pool.announced({ model, url, leaves });
			return { worker: url, renew_seconds: config.expirySeconds / BEATS };
		},
	});
}

function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
