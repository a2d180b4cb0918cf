/**
 * Every error thrown on purpose. One class, one constructor function a case: the code is stable and
 * is what callers match on, the message is for people and is never matched.
 */

export type ErrorType = 'invalid_request_error' | 'requests' | 'tokens' | 'insufficient_quota' | 'server_error';

export type ErrorOptions = {
	/** HTTP status when the error is answered before the first byte. */
	status: number;
	type: ErrorType;
	/** Stable machine-readable code, or null where OpenAI has none. */
	code: string | null;
	/** Dotted path of the offending request field, as `messages[0].content`. */
	param?: string | null;
	/** 1..30; sent as Retry-After, which SDKs obey (openai-node 6 without an upper bound). */
	retryAfterSeconds?: number;
	/** Sent as x-should-retry: false stops SDK retries of a 429 or 5xx. */
	shouldRetry?: boolean;
	cause?: unknown;
};

export class RetortError extends Error {
	override readonly name = 'RetortError';
	readonly status: number;
	readonly type: ErrorType;
	readonly code: string | null;
	readonly param: string | null;
	readonly retryAfterSeconds: number | null;
	readonly shouldRetry: boolean | null;

	constructor(message: string, options: ErrorOptions) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.status = options.status;
		this.type = options.type;
		this.code = options.code;
		this.param = options.param ?? null;
		this.retryAfterSeconds = options.retryAfterSeconds ?? null;
		this.shouldRetry = options.shouldRetry ?? null;
	}
}

/** The body of every failed HTTP answer and of an SSE error frame: OpenAI's envelope, all four keys present. */
export type ErrorEnvelope = {
	error: { message: string; type: ErrorType; param: string | null; code: string | null };
};

export function toEnvelope(error: RetortError): ErrorEnvelope {
	return { error: { message: error.message, type: error.type, param: error.param, code: error.code } };
}

export type InvalidRequestCode =
	| 'missing_required_parameter'
	| 'invalid_type'
	| 'invalid_value'
	| 'unsupported_parameter'
	| 'unsupported_value';

/** A 400 that names the parameter. */
export function invalidRequest(param: string | null, code: InvalidRequestCode | null, message: string): RetortError {
	return new RetortError(message, { status: 400, type: 'invalid_request_error', code, param });
}

export function contextLengthExceeded(contextTokens: number, promptTokens: number, param = 'messages'): RetortError {
	const what = param === 'messages' ? 'messages' : `'${param}'`;
	return new RetortError(
		`This model's maximum context length is ${contextTokens} tokens. However, your ${what} resulted in ${promptTokens} tokens. Please reduce the length of the ${what}.`,
		{ status: 400, type: 'invalid_request_error', code: 'context_length_exceeded', param },
	);
}

export function modelNotFound(model: string): RetortError {
	return new RetortError(`The model \`${model}\` does not exist or you do not have access to it.`, {
		status: 404,
		type: 'invalid_request_error',
		code: 'model_not_found',
		param: 'model',
	});
}

/** The server cannot take the request now and nothing has run: safe to retry. */
export function overloaded(message: string, retryAfterSeconds = 1): RetortError {
	return new RetortError(message, { status: 503, type: 'server_error', code: 'overloaded', retryAfterSeconds });
}

/** Loading the model would take more memory than there is, and what holds it is in use. */
export function outOfMemory(
	model: string,
	bytes: { neededBytes: number; budgetBytes: number; busyBytes: number },
): RetortError {
	const mib = (count: number) => Math.ceil(count / 2 ** 20);
	const { neededBytes, budgetBytes, busyBytes } = bytes;
	const isHopeless = neededBytes > budgetBytes;
	return new RetortError(
		`The model \`${model}\` needs ${mib(neededBytes)} MiB of the ${mib(budgetBytes)} MiB for models${isHopeless ? '.' : `, of which ${mib(busyBytes)} MiB are in use. Please try again shortly.`}`,
		{
			status: 503,
			type: 'server_error',
			code: 'overloaded',
			retryAfterSeconds: isHopeless ? 30 : 5,
			...(isHopeless ? { shouldRetry: false } : {}),
		},
	);
}

export function modelLoading(model: string): RetortError {
	return new RetortError(`The model \`${model}\` is still loading.`, {
		status: 503,
		type: 'server_error',
		code: 'model_loading',
		retryAfterSeconds: 2,
	});
}

export function shuttingDown(): RetortError {
	return new RetortError('The server is shutting down.', {
		status: 503,
		type: 'server_error',
		code: 'shutting_down',
		retryAfterSeconds: 5,
	});
}

/** A worker process died, stalled or broke the protocol while it ran this request. */
export function workerFailed(message: string, cause?: unknown): RetortError {
	return new RetortError(message, { status: 500, type: 'server_error', code: 'worker_crashed', cause });
}

/** Anything unforeseen: the message tells nothing of the inside, the cause is for the log. */
export function internalError(cause: unknown): RetortError {
	return new RetortError('The server had an error while processing your request.', {
		status: 500,
		type: 'server_error',
		code: 'internal_error',
		cause,
	});
}

/** Configuration or command line that cannot be run; the message says where and what would be right. */
export function configError(message: string, cause?: unknown): RetortError {
	return new RetortError(message, { status: 500, type: 'server_error', code: 'config_error', cause });
}

/** A model that could not be fetched, or is not the file that it should be. */
export function downloadFailed(message: string, cause?: unknown): RetortError {
	return new RetortError(message, { status: 500, type: 'server_error', code: 'download_failed', cause });
}

/** A running server that could not be reached, or would not do what an operator asked; the message says why. */
export function operationFailed(message: string, cause?: unknown): RetortError {
	return new RetortError(message, { status: 500, type: 'server_error', code: 'operation_failed', cause });
}

/** A generation that ran for longer than any may. What it gave before that was sent. */
export function generationTimeout(seconds: number): RetortError {
	return new RetortError(`The generation was ended after ${seconds} seconds, the longest that one may run.`, {
		status: 504,
		type: 'server_error',
		code: 'generation_timeout',
		shouldRetry: false,
	});
}

/** A worker that must not serve this gateway: another protocol, another model, or it does not know us. */
export function workerIncompatible(why: string, cause?: unknown): RetortError {
	return new RetortError(`The worker cannot serve this gateway: ${why}.`, {
		status: 500,
		type: 'server_error',
		code: 'worker_incompatible',
		cause,
	});
}
