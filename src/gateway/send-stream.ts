import type { FastifyReply } from 'fastify';
import { clientLeft, isClientLeft } from './errors.ts';
import { frameStream, type StreamOptions } from './frame-stream.ts';
import { SSE } from './framing.ts';

/**
 * Commits to 200 and streams the values. The first value's source has to have begun by now: from here on a failure is a
 * frame. No content negotiation: openai-node asks for application/json when it streams.
 */
export function sendStream(
	reply: FastifyReply,
	values: AsyncGenerator<unknown>,
	options: Omit<StreamOptions, 'onSlowReader'> & { abort: AbortController },
): FastifyReply {
	const { abort, ...rest } = options;
	const stream = frameStream(values, { ...rest, onSlowReader: () => abort.abort(clientLeft()) });
	// Also when nothing pulls any more: a response that waits behind another on its connection never sees a 'close'.
	abort.signal.addEventListener('abort', () => {
		if (isClientLeft(abort.signal.reason)) stream.destroy();
	});
	return reply
		.code(200)
		.headers({
			'content-type': (rest.framing ?? SSE).contentType,
			'cache-control': 'no-cache, no-transform',
			'x-accel-buffering': 'no',
		})
		.send(stream);
}
