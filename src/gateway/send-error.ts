import type { FastifyReply } from 'fastify';
import { type RetortError, toEnvelope } from '../errors.ts';

/** A failure before the first byte: its status, its envelope, and what SDKs read to know when to try again. */
export function sendError(error: RetortError, reply: FastifyReply): FastifyReply {
	if (error.retryAfterSeconds !== null) reply.header('retry-after', String(error.retryAfterSeconds));
	if (error.shouldRetry !== null) reply.header('x-should-retry', String(error.shouldRetry));
	return reply.code(error.status).header('content-type', 'application/json; charset=utf-8').send(toEnvelope(error));
}
