import type { FastifyReply } from 'fastify';
import { clientLeft, isClientLeft } from './errors.ts';
import { type SseOptions, sseStream } from './sse-stream.ts';

/**
 * Commits to 200 and streams the values. The first value's source has to have begun by now: from here on a failure is a
 * frame. No content negotiation: openai-node asks for application/json when it streams.
 */
export function sendSse(
	reply: FastifyReply,
	values: AsyncGenerator<unknown>,
	options: Omit<SseOptions, 'onSlowReader'> & { abort: AbortController },
): FastifyReply {
	const { abort, ...sse } = options;
	const stream = sseStream(values, { ...sse, onSlowReader: () => abort.abort(clientLeft()) });
	// Also when nothing pulls any more: a response that waits behind another on its connection never sees a 'close'.
	abort.signal.addEventListener('abort', () => {
		if (isClientLeft(abort.signal.reason)) stream.destroy();
	});
	return reply
		.code(200)
		.headers({
			'content-type': 'text/event-stream; charset=utf-8',
			'cache-control': 'no-cache, no-transform',
			'x-accel-buffering': 'no',
		})
		.send(stream);
}
