import type { Dispatcher, Pool } from 'undici';
import type { z } from 'zod';
import { RetortError, workerFailed } from '../errors.ts';
import { connectPool, requestHeaders } from './connect-pool.ts';
import type { Endpoint } from './endpoint.ts';
import { isStaleConnection } from './is-stale-connection.ts';
import { LinkedAbort } from './linked-abort.ts';
import { unlessAborted } from './unless-aborted.ts';
import { readBody, readFailure } from './worker-response.ts';

/** What was idle together goes stale together, so the next connection may be stale too. */
const MAX_SENDS = 4;

type Method = 'GET' | 'POST';

/** HTTP to one engine, ours or a stock one: answers are parsed, every call ends, and every failure is a RetortError. */
export class WorkerClient {
	readonly #options: { model: string; endpoint: Endpoint; connectMs: number; controlMs: number };
	readonly #pool: Pool;

	/** `controlMs` bounds every call that names no deadline of its own; `model` is for messages. */
	constructor(options: { model: string; endpoint: Endpoint; connectMs: number; controlMs: number }) {
		this.#options = options;
		this.#pool = connectPool(options.endpoint, options.connectMs);
	}

	/** The body of a 200, parsed. Throws what `readFailure` makes of anything else, or what `refuse` does. */
	call<Schema extends z.ZodType>(
		method: Method,
		path: string,
		body: unknown,
		options: {
			schema: Schema;
			signal: AbortSignal;
			deadlineMs?: number;
			refuse?: (status: number) => RetortError | null;
		},
	): Promise<z.infer<Schema>> {
		return this.withDeadline(options.signal, options.deadlineMs ?? this.#options.controlMs, async (abort) => {
			const response = await this.send(method, path, body, abort);
			if (response.statusCode === 200) return readBody(response, options.schema);
			const failure = await readFailure(response, this.#options.model);
			throw options.refuse?.(response.statusCode) ?? failure;
		});
	}

	async withDeadline<Result>(
		signal: AbortSignal,
		deadlineMs: number,
		run: (abort: AbortSignal) => Promise<Result>,
	): Promise<Result> {
		const abort = new LinkedAbort(signal);
		abort.arm(deadlineMs, () => workerFailed('The model worker did not answer in time.'));
		try {
			return await run(abort.signal);
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			throw asWorkerFailure(abort.signal.aborted ? abort.signal.reason : error);
		} finally {
			abort.unlink();
		}
	}

	/** Sends again when the connection turns out to have been closed by the other side while it was idle. */
	async send(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
		const options = {
			method,
			path,
			headers: requestHeaders(this.#options.endpoint),
			body: body === null ? null : JSON.stringify(body),
			signal,
		};
		for (let attempt = 1; ; attempt += 1) {
			try {
				return await unlessAborted(this.#pool.request(options), signal);
			} catch (error) {
				if (signal.aborted || attempt === MAX_SENDS || !isStaleConnection(error)) throw error;
			}
		}
	}

	close(): Promise<void> {
		return this.#pool.close();
	}

	destroy(error: Error): Promise<void> {
		return this.#pool.destroy(error);
	}
}

export function asWorkerFailure(error: unknown): RetortError {
	return error instanceof RetortError
		? error
		: workerFailed('The model worker failed while it processed your request.', error);
}
