import { setMaxListeners } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { onDisconnect } from './disconnect-signal.ts';
import { clientLeft } from './errors.ts';
import type { StreamOptions } from './frame-stream.ts';
import { sendStream } from './send-stream.ts';

/** What a generation is answered with, once it holds a slot: the whole of it, or its values as they come. */
export type Answer =
	| { type: 'whole'; body: unknown }
	| {
			type: 'stream';
			values: AsyncGenerator<unknown>;
			options: Omit<StreamOptions, 'onSlowReader'> & {
				/** Of streams that tell their failure as a value, once they are over. */
				hasFailed?(): boolean;
			};
	  };

/** Sends it to the client whose request made it. */
export function sendAnswer(reply: FastifyReply, answer: Answer, abort: AbortController): unknown {
	return answer.type === 'whole' ? answer.body : sendStream(reply, answer.values, { ...answer.options, abort });
}

/** Every choice and sample of a request listens to its end a few times over: node warns of more than ten listeners. */
export function newAbort(): AbortController {
	const abort = new AbortController();
	setMaxListeners(0, abort.signal);
	return abort;
}

/** Ends what the request has begun when its client leaves. */
export function abortOnDisconnect(request: FastifyRequest, reply: FastifyReply): AbortController {
	const abort = newAbort();
	const stop = onDisconnect(reply.raw, request.raw.socket, () => abort.abort(clientLeft()));
	reply.raw.once('finish', stop);
	return abort;
}
