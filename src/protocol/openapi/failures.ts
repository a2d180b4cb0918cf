import type { Envelope, Operation } from './operation.ts';

type Failure = { name: string; description: string; headers?: string[] };

/** What a status means wherever it occurs. */
const FAILURES: Record<number, Failure> = {
	400: { name: 'BadRequest', description: 'Something in the request is wrong; `param` names it.' },
	401: { name: 'Unauthorized', description: 'No key, or a wrong one.', headers: ['www-authenticate'] },
	403: {
		name: 'Forbidden',
		description: 'The key may not use this model; or, without keys, the Host or Origin is not one of ours.',
	},
	404: { name: 'NotFound', description: 'There is no such thing, or not for this key.' },
	413: { name: 'TooLarge', description: 'The body is larger than the server accepts.' },
	415: { name: 'UnsupportedMediaType', description: 'The body has to be JSON, uncompressed.' },
	429: {
		name: 'TooManyRequests',
		description: 'A limit on requests or tokens a minute.',
		headers: [
			'retry-after',
			'x-should-retry',
			...['limit', 'remaining', 'reset'].flatMap((what) => [
				`x-ratelimit-${what}-requests`,
				`x-ratelimit-${what}-tokens`,
			]),
		],
	},
	431: { name: 'HeadersTooLarge', description: 'Too many header fields.' },
	500: { name: 'ServerError', description: 'The server failed. Nothing of the inside is told; the log has it.' },
	503: {
		name: 'Unavailable',
		description: 'Not now: the queue is full, the model loads, or the server is shutting down. Safe to try again.',
		headers: ['retry-after'],
	},
};

/** The statuses that this operation can fail with, in order. */
export function failuresOf(operation: Operation): number[] {
	const statuses = [400, 403, 431, 500, ...(operation.failures ?? [])];
	if (operation.isPublic !== true) statuses.push(401, 429);
	if (operation.request !== undefined) statuses.push(413, 415);
	if (operation.generates === true) statuses.push(404, 503);
	return [...new Set(statuses)].sort();
}

const ENVELOPES = { OpenAi: 'Error', Anthropic: 'AnthropicError', Ollama: 'OllamaError' };

export function nameOfFailure(status: number, envelope: Envelope = 'OpenAi'): string {
	return `${envelope === 'OpenAi' ? '' : envelope}${failure(status).name}`;
}

/** `components.responses`: every failure in every envelope. */
export function failureResponses(referenceTo: (headers: string[]) => object): Record<string, object> {
	const entries = Object.keys(FAILURES).flatMap((status) =>
		(['OpenAi', 'Anthropic', 'Ollama'] as const).map((envelope) => {
			const { description, headers = [] } = failure(Number(status));
			const schema = { $ref: `#/components/schemas/${ENVELOPES[envelope]}` };
			return [
				nameOfFailure(Number(status), envelope),
				{ description, headers: referenceTo(headers), content: { 'application/json': { schema } } },
			];
		}),
	);
	return Object.fromEntries(entries);
}

function failure(status: number): Failure {
	const found = FAILURES[status];
	if (found === undefined) throw new TypeError(`no failure is described for the status ${status}`);
	return found;
}
