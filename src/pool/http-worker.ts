import { z } from 'zod';
import { RetortError, workerFailed, workerIncompatible } from '../errors.ts';
import {
	detokenizeResponseSchema,
	type EmbedRequest,
	type EmbedResponse,
	embedResponseSchema,
	type GenerateRequest,
	PROTOCOL_VERSION,
	type PromptPart,
	tokenizeResponseSchema,
	type WorkerEvent,
	type WorkerHealth,
	type WorkerInfo,
	workerEventSchema,
	workerHealthSchema,
	workerInfoSchema,
} from '../protocol/worker-api.ts';
import { checkEventOrder } from './check-event-order.ts';
import type { Endpoint } from './endpoint.ts';
import { brokenStream, LineSplitter } from './line-splitter.ts';
import { LinkedAbort } from './linked-abort.ts';
import type { GeneratePatience, Worker } from './worker.ts';
import { asWorkerFailure, WorkerClient } from './worker-client.ts';
import { readFailure, unavailable } from './worker-response.ts';

/** Read before the rest: another version's answer may look different in every other way. */
const versionSchema = z.looseObject({ protocolVersion: z.int() });

/** The watch over the process is faster; this bounds what a live worker can hang in, far above the slowest honest input. */
const EMBED_MS = 600_000;
const MAX_LINE_BYTES = 1024 * 1024;
/** Far above the longest honest stream (128k tokens with 20 log-probabilities each), far below memory or disk. */
const MAX_STREAM_BYTES = 1024 * 1024 * 1024;
/** The response's end follows generation-end at once; a worker that keeps it open does not keep the client waiting. */
const TAIL_MS = 1000;

export type HttpWorkerOptions = {
	id: string;
	/** Served name, for messages. */
	model: string;
	endpoint: Endpoint;
	connectMs: number;
	patience: GeneratePatience;
	/** Bounds every call other than a generation and embeddings. */
	controlMs: number;
};

/** A worker behind HTTP, on a unix socket or on TCP. */
export class HttpWorker implements Worker {
	readonly id: string;
	readonly connection: HttpWorkerOptions;
	readonly #options: HttpWorkerOptions;
	readonly #client: WorkerClient;

	constructor(options: HttpWorkerOptions) {
		this.id = options.id;
		this.connection = options;
		this.#options = options;
		this.#client = new WorkerClient(options);
	}

	/** Throws `worker_incompatible` besides what the interface says. */
	async info(signal: AbortSignal): Promise<WorkerInfo> {
		// Asked who it is, it may say that it does not know us; later that is a failure like any other.
		const refuse = (status: number) =>
			status === 401 || status === 403
				? workerIncompatible(`it refuses our token or certificate (status ${status})`)
				: null;
		const answer = await this.#client.call('GET', '/info', null, { schema: versionSchema, signal, refuse });
		if (answer.protocolVersion !== PROTOCOL_VERSION)
			throw workerIncompatible(`it speaks protocol ${answer.protocolVersion}, the gateway ${PROTOCOL_VERSION}`);
		const info = workerInfoSchema.safeParse(answer);
		if (!info.success) throw workerIncompatible('its /info is not in the protocol', info.error);
		return info.data;
	}

	health(signal: AbortSignal): Promise<WorkerHealth> {
		return this.#client.call('GET', '/health', null, { schema: workerHealthSchema, signal });
	}

	async tokenize(prompt: PromptPart[], signal: AbortSignal): Promise<number[]> {
		return (await this.#client.call('POST', '/tokenize', { prompt }, { schema: tokenizeResponseSchema, signal }))
			.tokens;
	}

	async detokenize(tokens: number[], signal: AbortSignal): Promise<string> {
		return (await this.#client.call('POST', '/detokenize', { tokens }, { schema: detokenizeResponseSchema, signal }))
			.text;
	}

	async embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedResponse['embeddings']> {
		const options = { schema: embedResponseSchema, signal, deadlineMs: EMBED_MS };
		return (await this.#client.call('POST', '/embed', request, options)).embeddings;
	}

	async endPhase(requestId: string, phase: 'reasoning', signal: AbortSignal): Promise<boolean> {
		const path = `/generations/${encodeURIComponent(requestId)}/end-phase`;
		return this.#client.withDeadline(signal, this.#options.controlMs, async (abort) => {
			const response = await this.#client.send('POST', path, { phase }, abort);
			if (response.statusCode !== 204 && response.statusCode !== 404)
				throw await readFailure(response, this.#options.model);
			await response.body.dump();
			return response.statusCode === 204;
		});
	}

	async *generate(
		request: GenerateRequest,
		signal: AbortSignal,
		{ firstEventMs, gapMs }: GeneratePatience = this.#options.patience,
	): AsyncGenerator<WorkerEvent, void, undefined> {
		const { model } = this.#options;
		const abort = new LinkedAbort(signal);
		const splitter = new LineSplitter(MAX_LINE_BYTES);
		const check = checkEventOrder();
		let end: WorkerEvent | null = null;
		let bytes = 0;
		try {
			abort.arm(firstEventMs, () => workerFailed('The model worker did not answer in time.'));
			const response = await this.#client.send('POST', '/generate', request, abort.signal);
			if (response.statusCode !== 200) throw await readFailure(response, model);
			// undici types the body as AsyncIterable<any>; without setEncoding it holds Buffers.
			for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
				abort.disarm();
				bytes += chunk.length;
				if (bytes > MAX_STREAM_BYTES) throw brokenStream(`the stream is longer than ${MAX_STREAM_BYTES} bytes`);
				for (const line of splitter.push(chunk)) {
					const event = parseEvent(line);
					check(event);
					if (event.type === 'generation-error') throw generationError(event.code, event.message, model);
					if (event.type === 'generation-end') end = event;
					else yield event;
				}
				if (end === null) abort.arm(gapMs, () => workerFailed('The model worker stopped answering.'));
				else abort.arm(TAIL_MS, () => null);
			}
			splitter.end();
			if (end === null) throw brokenStream('the stream ended before the generation did');
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			// Whole and then cut is whole: a reset after generation-end takes nothing from the client.
			if (end === null || error instanceof RetortError)
				throw asWorkerFailure(abort.signal.aborted ? abort.signal.reason : error);
		} finally {
			// Whatever ended it, an unfinished response is cut here, which is what frees the worker's slot.
			abort.abort(null);
			abort.unlink();
		}
		if (end !== null) yield end;
	}

	async close(): Promise<void> {
		await this.#client.close();
	}

	async destroy(error: Error): Promise<void> {
		await this.#client.destroy(error);
	}
}

function parseEvent(line: string): WorkerEvent {
	try {
		return workerEventSchema.parse(JSON.parse(line));
	} catch (error) {
		throw brokenStream('a line is no event', error);
	}
}

function generationError(code: string, message: string, model: string): RetortError {
	if (code === 'overloaded' || code === 'shutting_down' || code === 'model_loading') return unavailable(code, model);
	return workerFailed('The model worker failed while it processed your request.', `${code}: ${message}`);
}
