import { z } from 'zod';
import { internalError, RetortError } from '../errors.ts';

/** An error as it crosses to another process of ours; its cause stays where it was. */
export const wireErrorSchema = z.object({
	message: z.string(),
	status: z.int(),
	type: z.enum(['invalid_request_error', 'requests', 'tokens', 'insufficient_quota', 'server_error']),
	code: z.string().nullable(),
	param: z.string().nullable(),
	retryAfterSeconds: z.number().nullable(),
	shouldRetry: z.boolean().nullable(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

export function toWireError(error: unknown): WireError {
	const { message, status, type, code, param, retryAfterSeconds, shouldRetry } =
		error instanceof RetortError ? error : internalError(error);
	return { message, status, type, code, param, retryAfterSeconds, shouldRetry };
}

export function fromWireError({ message, retryAfterSeconds, shouldRetry, ...rest }: WireError): RetortError {
	return new RetortError(message, {
		...rest,
		...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
		...(shouldRetry === null ? {} : { shouldRetry }),
	});
}
