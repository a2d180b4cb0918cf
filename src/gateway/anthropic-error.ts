import type { RetortError } from '../errors.ts';

export type AnthropicError = { type: 'error'; error: { type: string; message: string } };

export function isMessagesUrl(url: string | undefined): boolean {
	return url !== undefined && /^(\/v1)?\/messages(\/count_tokens)?$/.test(url);
}

/** The same failure as Anthropic's SDKs read it. */
export function toAnthropicError({ status, message }: RetortError): AnthropicError {
	return { type: 'error', error: { type: typeOf(status), message } };
}

function typeOf(status: number): string {
	switch (status) {
		case 401:
			return 'authentication_error';
		case 403:
			return 'permission_error';
		case 404:
			return 'not_found_error';
		case 413:
			return 'request_too_large';
		case 429:
			return 'rate_limit_error';
		case 503:
			return 'overloaded_error';
		default:
			return status < 500 ? 'invalid_request_error' : 'api_error';
	}
}
