import type { FastifyReply } from 'fastify';
import { type RetortError, toEnvelope } from '../errors.ts';
import { isMessagesUrl, toAnthropicError } from './anthropic-error.ts';

/** A failure before the first byte: its status, its envelope, and what SDKs read to know when to try again. */
export function sendError(error: RetortError, reply: FastifyReply): FastifyReply {
	if (error.retryAfterSeconds !== null) reply.header('retry-after', String(error.retryAfterSeconds));
	if (error.shouldRetry !== null) reply.header('x-should-retry', String(error.shouldRetry));
	// Before the routing there is none: of a URL that cannot be decoded.
	const isAnthropic = isMessagesUrl(reply.request.routeOptions?.url);
	const body = isAnthropic ? { ...toAnthropicError(error), request_id: reply.request.id } : toEnvelope(error);
	return reply.code(error.status).header('content-type', 'application/json; charset=utf-8').send(body);
}
