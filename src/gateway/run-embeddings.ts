import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { renameParam } from '../chat/apis/rename-param.ts';
import { invalidRequest, RetortError } from '../errors.ts';
import type { RawPrompt } from '../protocol/completion-request.ts';
import type { PromptPart } from '../protocol/worker-api.ts';
import { abortOnDisconnect } from './answer.ts';
import { callerOf } from './caller.ts';
import { resolveModel } from './resolve-model.ts';
import type { ChatServices } from './routes/chat-completions.ts';
import { takePlace } from './take-place.ts';

export type EmbeddingsWanted = {
	model: string;
	inputs: readonly RawPrompt[];
	/** Cuts inputs that are too long instead of refusing them. */
	truncate: boolean;
	dimensions: number | undefined;
};

/** In the order of the inputs, each of length 1. */
export type Embeddings = { model: string; vectors: Float32Array[]; promptTokens: number };

/** So many hold a slot together; then whoever waits has a turn. */
const INPUTS_A_LEASE = 16;
/** As for chat: close enough to reserve by. */
const BYTES_PER_TOKEN = 3;

/** All inputs of a request, a few at a time. Throws what can be refused in the request's own terms. */
export async function runEmbeddings(
	services: ChatServices,
	request: FastifyRequest,
	reply: FastifyReply,
	wanted: EmbeddingsWanted,
): Promise<Embeddings> {
	const caller = callerOf(request);
	const abort = abortOnDisconnect(request, reply);
	// No fallback: another model's vectors mean something else.
	const { model, info } = await resolveModel(services.pool, caller, wanted.model, 'embed', abort.signal);
	request.modelLabel = model.name;
	const dimensions = dimensionsOf(wanted, info.embedding?.dimensions ?? 0);
	const id = `embd-${randomBytes(12).toString('hex')}`;
	const estimate = { promptTokens: estimateTokens(wanted.inputs), completionTokens: 0, isExplicit: true };
	const place = await takePlace(services, {
		...{ id, generations: [], model: model.name, caller, abort, estimate },
		setHeaders: (headers) => reply.headers(headers),
	});
	const vectors: Float32Array[] = [];
	let promptTokens = 0;
	try {
		for (let from = 0; from < wanted.inputs.length; from += INPUTS_A_LEASE) {
			const inputs = wanted.inputs.slice(from, from + INPUTS_A_LEASE).map(toPrompt);
			const asked = { requestId: `${id}-${from}`, request: { inputs, truncate: wanted.truncate } };
			const made = await services.pool
				.embed({ model: model.name, ...asked, signal: abort.signal, keyId: caller.keyId, weight: caller.key?.weight })
				.catch((error: unknown) => {
					throw abort.signal.aborted ? abort.signal.reason : withIndexOfRequest(error, from, wanted.inputs.length);
				});
			for (const { vector, tokens } of made) {
				vectors.push(cut(readVector(vector), dimensions));
				promptTokens += tokens;
			}
		}
		return { model: model.name, vectors, promptTokens };
	} finally {
		place.leave({ promptTokens, completionTokens: 0 });
		services.metrics.embeddingsMade(model.name, vectors.length, promptTokens);
	}
}

function dimensionsOf({ dimensions }: EmbeddingsWanted, most: number): number {
	if (dimensions === undefined || dimensions <= most) return dimensions ?? most;
	throw invalidRequest('dimensions', 'invalid_value', `'dimensions' is at most ${most} for this model.`);
}

function toPrompt(input: RawPrompt): PromptPart[] {
	return typeof input === 'string' ? [{ text: input, special: false }] : [{ tokens: input }];
}

function estimateTokens(inputs: readonly RawPrompt[]): number {
	const size = (input: RawPrompt) =>
		typeof input === 'string' ? Math.ceil(Buffer.byteLength(input) / BYTES_PER_TOKEN) : input.length;
	return inputs.reduce((sum, input) => sum + size(input), 0);
}

/** A worker counts the inputs that it was given. */
function withIndexOfRequest(error: unknown, from: number, count: number): unknown {
	if (!(error instanceof RetortError)) return error;
	const index = /^input\[(\d+)\]$/.exec(error.param ?? '')?.[1];
	if (index === undefined) return error;
	return renameParam(error, [[/^.*$/, count === 1 ? 'input' : `input[${from + Number(index)}]`]]);
}

function readVector(base64: string): Float32Array {
	const bytes = Buffer.from(base64, 'base64');
	return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** The beginning of a vector, as long as a unit again. */
function cut(vector: Float32Array, dimensions: number): Float32Array {
	if (dimensions >= vector.length) return vector;
	const head = vector.subarray(0, dimensions);
	const length = Math.hypot(...head);
	return length === 0 ? head : head.map((value) => value / length);
}
