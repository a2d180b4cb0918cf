import type { FastifyReply, FastifyRequest } from 'fastify';
import { type RetortError, toEnvelope } from '../errors.ts';
import { isMessagesUrl, toAnthropicError } from './anthropic-error.ts';
import { isOllamaUrl, toOllamaError } from './ollama-error.ts';

/** A failure before the first byte: its status, its envelope, and what SDKs read to know when to try again. */
export function sendError(error: RetortError, reply: FastifyReply): FastifyReply {
	if (error.retryAfterSeconds !== null) reply.header('retry-after', String(error.retryAfterSeconds));
	if (error.shouldRetry !== null) reply.header('x-should-retry', String(error.shouldRetry));
	return reply
		.code(error.status)
		.header('content-type', 'application/json; charset=utf-8')
		.send(bodyOf(error, reply.request));
}

/** In the form of the API that was asked, as far as the URL tells. */
function bodyOf(error: RetortError, request: FastifyRequest): object {
	// No route was found for unknown paths, nor before the routing for a URL that cannot be decoded.
	const url = request.routeOptions?.url ?? request.url;
	if (isMessagesUrl(url)) return { ...toAnthropicError(error), request_id: request.id };
	return isOllamaUrl(url) ? toOllamaError(error) : toEnvelope(error);
}
