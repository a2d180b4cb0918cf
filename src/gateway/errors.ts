import { invalidRequest, RetortError } from '../errors.ts';

/** Refusals that only an HTTP front door knows. What they have in common with other rooms stands in ../errors.ts. */

function refused(status: number, code: string | null, message: string): RetortError {
	return new RetortError(message, { status, type: 'invalid_request_error', code });
}

export function missingKey(): RetortError {
	return refused(
		401,
		null,
		"You didn't provide an API key. Send it in an Authorization header, as in Authorization: Bearer YOUR_KEY.",
	);
}

export function invalidKey(): RetortError {
	return refused(401, 'invalid_api_key', 'Incorrect API key provided.');
}

export function wrongWorkerToken(): RetortError {
	return refused(401, 'invalid_token', 'A worker announces itself with the token of announcements.tokenFile.');
}

export function modelNotAllowed(model: string): RetortError {
	return refused(403, 'model_not_allowed', `This API key may not use the model \`${model}\`.`);
}

export function adminOnly(): RetortError {
	return refused(
		403,
		'admin_only',
		'This needs an admin key: `admin: true` in the configuration, or the word admin behind the key in the key file. A server without keys is operated from its own machine alone.',
	);
}

export function workerNotFound(worker: string): RetortError {
	return new RetortError(`There is no worker \`${worker.slice(0, 256)}\`. GET /admin/pool lists them.`, {
		status: 404,
		type: 'invalid_request_error',
		code: 'worker_not_found',
		param: 'worker',
	});
}

export function keyNotFound(key: string): RetortError {
	return new RetortError(`There is no key with the id \`${key}\`.`, {
		status: 404,
		type: 'invalid_request_error',
		code: 'key_not_found',
		param: 'key',
	});
}

export function foreignHost(): RetortError {
	return refused(
		403,
		'host_not_allowed',
		'Without API keys this server answers only to its own name and from its own pages. Configure keys, or list the origin under server.corsOrigins.',
	);
}

export function unsupportedMediaType(message: string): RetortError {
	return refused(415, 'unsupported_media_type', message);
}

export function malformedJson(): RetortError {
	return refused(400, null, 'We could not parse the JSON body of your request.');
}

export function tooManyHeaders(): RetortError {
	return refused(431, 'request_header_fields_too_large', 'The request has too many header fields.');
}

export function missingHost(): RetortError {
	return refused(400, null, 'The request has no Host header.');
}

export function expectationFailed(): RetortError {
	return refused(417, null, 'The only expectation that this server meets is 100-continue.');
}

export function methodNotSupported(method: string, path: string, allowed: string): RetortError {
	return refused(405, 'method_not_supported', `${method} is not supported by ${path}. Use ${allowed}.`);
}

export function completionNotFound(): RetortError {
	return refused(404, 'completion_not_found', 'No completion with this id is running.');
}

/** nginx's status for a request whose client did not wait for the answer. Logged and counted, never sent. */
export const CLIENT_LEFT = 499;

/** The answer to nobody: it marks how a request ended and is what the generation is cancelled with. */
export function clientLeft(): RetortError {
	return refused(CLIENT_LEFT, 'client_closed_request', 'The client closed the connection.');
}

export function isClientLeft(reason: unknown): boolean {
	return reason instanceof RetortError && reason.status === CLIENT_LEFT;
}

export function rateLimited(
	type: 'requests' | 'tokens',
	message: string,
	options: { waitMs: number; canEverFit?: boolean },
): RetortError {
	return new RetortError(message, {
		status: 429,
		type,
		code: 'rate_limit_exceeded',
		retryAfterSeconds: Math.min(30, Math.max(1, Math.ceil(options.waitMs / 1000))),
		...(options.canEverFit === false ? { shouldRetry: false } : {}),
	});
}

export function responseNotFound(id: string): RetortError {
	return refused(404, null, `Response with id '${id.slice(0, 64)}' not found.`);
}

export function previousResponseNotFound(id: string): RetortError {
	return new RetortError(`Previous response with id '${id.slice(0, 64)}' not found.`, {
		status: 400,
		type: 'invalid_request_error',
		code: 'previous_response_not_found',
		param: 'previous_response_id',
	});
}

export function itemNotFound(id: string, param: string): RetortError {
	return new RetortError(
		`Item with id '${id.slice(0, 64)}' not found. Items are not kept when 'store' is false. Send the item itself.`,
		{ status: 404, type: 'invalid_request_error', code: null, param },
	);
}

export function responseNotRunning(status: string): RetortError {
	return refused(400, null, `Cannot cancel a response that is ${status}.`);
}

/** What a generation is cancelled with when its client asks for that. */
export function responseCancelled(): RetortError {
	return refused(409, 'response_cancelled', 'The response was cancelled.');
}

export function isResponseCancelled(reason: unknown): boolean {
	return reason instanceof RetortError && reason.code === 'response_cancelled';
}

export function idempotencyKeyReused(): RetortError {
	const message = 'This Idempotency-Key was sent with another request body less than 10 minutes ago. Use a new one.';
	return refused(400, 'idempotency_key_reused', message);
}

export function invalidIdempotencyKey(maxLength: number): RetortError {
	return refused(400, 'invalid_idempotency_key', `An Idempotency-Key is at most ${maxLength} characters long.`);
}

/** Another gateway answers the same request right now; SDKs try a 409 again. */
export function idempotencyInProgress(): RetortError {
	return new RetortError('A request with this Idempotency-Key is being answered. Try again in a moment.', {
		status: 409,
		type: 'invalid_request_error',
		code: 'idempotency_in_progress',
		retryAfterSeconds: 1,
	});
}

/** A model that makes embeddings was asked for text, or the other way round. */
export function wrongModel(model: string, embeds: boolean): RetortError {
	const message = embeds
		? `The model \`${model}\` makes embeddings: it generates no text. Send it to POST /v1/embeddings.`
		: `The model \`${model}\` generates text: it makes no embeddings. Serve an embedding model beside it, or set 'embeddings: true' for it.`;
	return invalidRequest('model', 'unsupported_value', message);
}
