import { RetortError } from '../errors.ts';
import { malformedJson, unsupportedMediaType } from './errors.ts';

/** Fastify's own refusals in our words, or null for what is not the client's doing. */
export function fromFrameworkError(error: unknown): RetortError | null {
	if (!(error instanceof Error)) return null;
	const code = 'code' in error ? error.code : null;
	switch (code) {
		case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
			return unsupportedMediaType('The request body has to be JSON: send Content-Type: application/json.');
		case 'FST_ERR_CTP_BODY_TOO_LARGE':
			return refusal(413, 'request_too_large', 'The request body is larger than this server accepts.');
		case 'FST_ERR_CTP_EMPTY_JSON_BODY':
		case 'FST_ERR_CTP_INVALID_JSON_BODY':
			return malformedJson();
		case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
			return refusal(400, null, 'The request body does not have the length that Content-Length says.');
		case 'FST_ERR_BAD_URL':
			return refusal(400, 'unknown_url', 'The URL of the request is not valid.');
		case 'FST_ERR_MAX_PARAM_LENGTH':
			return refusal(414, 'unknown_url', 'The URL of the request is too long.');
	}
	// A request that breaks off while its body is read, and the like: fastify marks them with a 4xx of their own.
	const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
	return status >= 400 && status < 500 ? refusal(status, null, 'The request could not be read.') : null;
}

function refusal(status: number, code: string | null, message: string): RetortError {
	return new RetortError(message, { status, type: 'invalid_request_error', code });
}
