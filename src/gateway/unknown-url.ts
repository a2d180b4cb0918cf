import { RetortError } from '../errors.ts';

/** A 404 that knows where people who land here wanted to go. The path is cut: it comes from outside. */
export function unknownUrl(method: string, url: string): RetortError {
	const path = (url.split('?')[0] ?? '').slice(0, 200);
	return new RetortError(`Invalid URL (${method} ${path}). ${hintFor(path)}`, {
		status: 404,
		type: 'invalid_request_error',
		code: 'unknown_url',
	});
}

function hintFor(path: string): string {
	if (/\/v1\/v1\//.test(path)) return 'The base URL already ends with /v1: leave it out of the path.';
	return 'Chat is at POST /v1/chat/completions, the list of models at GET /v1/models.';
}
