import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, abortOnDisconnect, sendAnswer } from './answer.ts';
import { callerOf } from './caller.ts';
import { invalidIdempotencyKey } from './errors.ts';
import type { IdempotencyLimits, IdempotentAnswers } from './idempotent-answers.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { SharedAnswers } from './shared/shared-answers.ts';

export const IDEMPOTENCY_LIMITS: IdempotencyLimits = {
	ttlMs: 600_000,
	/** Longer than SDKs wait before they try again, 8 s at most. */
	orphanMs: 15_000,
	maxEntries: 1000,
	maxBytes: 67_108_864,
};

const MAX_KEY_LENGTH = 255;

export type AnswerServices = {
	idempotent: IdempotentAnswers;
	/** Where there are several gateways. */
	sharedAnswers: SharedAnswers | null;
	metrics: GatewayMetrics;
};

/**
 * Answers with what `make` begins. With an `Idempotency-Key`, only the first request of that key begins anything: those
 * that follow get its answer, and the generation outlives its client for a while, so that an SDK that gave up waiting
 * and asks again finds it.
 */
export async function answerOnce(
	services: AnswerServices,
	request: FastifyRequest,
	reply: FastifyReply,
	make: (abort: AbortController) => Promise<Answer>,
): Promise<unknown> {
	const reader = abortOnDisconnect(request, reply);
	const key = keyOf(request);
	if (key === null) return sendAnswer(reply, await make(reader), reader);

	const { idempotent, sharedAnswers, metrics } = services;
	const route = request.routeOptions.url ?? 'unknown';
	const asked = { name: `${callerOf(request).bucket}\n${key}`, digest: digestOf(route, request.body) };
	let isNew: boolean;
	try {
		isNew = idempotent.isNew(asked);
	} catch (error) {
		metrics.idempotentRequest(route, 'refused');
		throw error;
	}
	metrics.idempotentRequest(route, isNew ? 'first' : 'repeated');
	if (!isNew) reply.header('idempotent-replayed', 'true');
	const makeOnce = sharedAnswers === null ? make : sharedAnswers.once(asked.name, asked.digest, make);
	return sendAnswer(reply, await idempotent.answer({ ...asked, reader: reader.signal, make: makeOnce }), reader);
}

function keyOf(request: FastifyRequest): string | null {
	const key = request.headers['idempotency-key'];
	if (typeof key !== 'string' || key === '') return null;
	if (key.length > MAX_KEY_LENGTH) throw invalidIdempotencyKey(MAX_KEY_LENGTH);
	return key;
}

/** With and without /v1 is the same route to a client that changed its base URL, but no client does so in between. */
function digestOf(route: string, body: unknown): string {
	return createHash('sha256')
		.update(`${route}\n${JSON.stringify(body)}`)
		.digest('base64');
}
