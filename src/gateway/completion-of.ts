import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProgressTracker } from '../chat/progress.ts';
import type { Caller } from './caller.ts';
import type { PreparedCompletion } from './prepare-completion.ts';
import type { Completion } from './run-completion.ts';

/** A request for chat, in whichever API's words: who asks, and the abort that ends what it begins. */
export type AskedChat = { request: FastifyRequest; reply: FastifyReply; caller: Caller; abort: AbortController };

/** The prepared request with those who hear of it: the log, the response's headers, a tracker of its progress. */
export function completionOf(
	{ request, reply, caller, abort }: AskedChat,
	prepared: PreparedCompletion,
	isStreamed: boolean,
): Completion {
	return {
		httpRequestId: request.id,
		caller,
		model: prepared.meta.model,
		isStreamed,
		estimate: prepared.estimate,
		request: prepared.request,
		abort,
		progress: new ProgressTracker(prepared.parse.reasoning.budgetTokens),
		setHeaders: (headers) => reply.headers(headers),
	};
}
