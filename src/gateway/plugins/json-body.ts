import type { FastifyInstance } from 'fastify';
import { invalidRequest } from '../../errors.ts';
import { malformedJson, unsupportedMediaType } from '../errors.ts';
import { hasPrototypeKey, isWithinShape } from '../json-shape.ts';

/**
 * JSON and nothing else: fastify's own text/plain parser goes, and a content-encoding is refused rather than read as
 * if it were not there.
 */
export function addJsonBody(app: FastifyInstance): void {
	app.removeAllContentTypeParsers();
	app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) =>
		parseBody(text),
	);
	app.addHook('onRequest', async (request) => {
		const encoding = request.headers['content-encoding'];
		if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
			throw unsupportedMediaType('A compressed body (Content-Encoding) is not supported. Send plain JSON.');
		}
	});
}

/** An empty body is null, which the route's own schema then refuses by name. */
export function parseBody(text: string): unknown {
	const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
	if (json.trim() === '') return null;
	if (!isWithinShape(json))
		throw invalidRequest(null, null, 'The JSON body is nested too deep, or has too many parts.');
	const body = parse(json);
	// The walk is only worth its time where the text can hold the key at all, spelled out or in part by escapes.
	if (/__proto__|\\u005f/i.test(json) && hasPrototypeKey(body)) {
		throw invalidRequest(null, null, 'The key `__proto__` is not allowed in the JSON body.');
	}
	return body;
}

function parse(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		// Without its cause: the message of a SyntaxError quotes the body, and what a cause says is logged.
		throw malformedJson();
	}
}
