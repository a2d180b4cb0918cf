import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { modelLoading, overloaded, RetortError, shuttingDown, workerFailed } from '../errors.ts';

/** Bodies of control answers are read whole; the largest honest one is a tokenised 8 MB prompt. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

const envelopeSchema = z.object({
	error: z.object({
		message: z.string().max(4096),
		param: z.string().max(256).nullable().default(null),
		code: z.string().max(64).nullable().default(null),
	}),
});

/** The body of a control answer, parsed. Throws worker_crashed when it is too large or not what the schema says. */
export async function readBody<Schema extends z.ZodType>(
	response: Dispatcher.ResponseData,
	schema: Schema,
): Promise<z.infer<Schema>> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
		// undici types the body as AsyncIterable<any>; without setEncoding it holds Buffers.
		bytes += chunk.length;
		if (bytes > MAX_BODY_BYTES) throw workerFailed('The model worker sent an answer that is too large.');
		chunks.push(chunk);
	}
	try {
		return schema.parse(JSON.parse(Buffer.concat(chunks, bytes).toString('utf8')));
	} catch (error) {
		throw workerFailed('The model worker sent an answer that is not in the protocol.', error);
	}
}

/** Cuts an answer that nobody reads. undici makes an error of that, which without a listener would end the process. */
function discardBody({ body }: Dispatcher.ResponseData): void {
	body.on('error', () => {}).destroy();
}

/**
 * The error that a status other than 200 stands for. A worker's 400 is the client's business and its 503 means another
 * time or place; everything else (a redirect, a 401, a 500) is the operator's and reaches no client in the worker's words.
 */
export async function readFailure(response: Dispatcher.ResponseData, model: string): Promise<RetortError> {
	const status = response.statusCode;
	const failed = (cause: unknown) => workerFailed('The model worker could not process your request.', cause);
	if (status !== 400 && status !== 413 && status !== 503) {
		discardBody(response);
		return failed(`the worker answered with status ${status}`);
	}
	try {
		const { error } = await readBody(response, envelopeSchema);
		if (status === 503) return unavailable(error.code, model);
		return new RetortError(error.message, {
			status,
			type: 'invalid_request_error',
			code: error.code,
			param: error.param,
		});
	} catch (error) {
		return failed(error);
	}
}

/** A worker's reason for not serving, in our own words. */
export function unavailable(code: string | null, model: string): RetortError {
	switch (code) {
		case 'model_loading':
			return modelLoading(model);
		case 'shutting_down':
			return shuttingDown();
		default:
			return overloaded('The model worker is busy. Please try again shortly.');
	}
}
