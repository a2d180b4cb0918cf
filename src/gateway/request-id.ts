import type { IncomingMessage } from 'node:http';
import { randomHex24 } from './random-hex.ts';

const ACCEPTED = /^[A-Za-z0-9_.:-]{1,128}$/;

/** The caller's own id when it is one that is safe in a header and a log line, otherwise one of ours. */
export function requestIdOf(request: IncomingMessage): string {
	const given = request.headers['x-request-id'];
	return isSafeId(given) ? given : newRequestId();
}

export function isSafeId(id: unknown): id is string {
	return typeof id === 'string' && ACCEPTED.test(id);
}

export function newRequestId(): string {
	return `req_${randomHex24()}`;
}
