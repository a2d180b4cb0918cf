import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { internalError, invalidRequest, modelLoading, RetortError, toEnvelope } from '../errors.ts';
import {
	detokenizeRequestSchema,
	type EmbedResponse,
	embedRequestSchema,
	endPhaseRequestSchema,
	type GenerateRequest,
	generateRequestSchema,
	tokenizeRequestSchema,
	type WorkerHealth,
} from '../protocol/worker-api.ts';
import type { Embedder, Embedding } from './embedder.ts';
import type { Engine, GenerationHandle } from './engine.ts';
import { tokenCheck, type WorkerGuard } from './guard.ts';
import type { LoadedModel } from './load-model.ts';
import type { Log } from './log.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What of a loaded model is served. */
export type LoadedWorker = Omit<LoadedModel, 'dispose'>;

/** What is used of a zod schema; this room has no zod of its own. */
type Schema<Body> = {
	safeParse(
		value: unknown,
	): { success: true; data: Body } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
};

const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Longer than clients keep an idle socket, so that none is closed under a request. */
const KEEP_ALIVE_MS = 75_000;

/** The worker's HTTP side: protocol/worker-api.ts over what is loaded, 503 `model_loading` until something is. */
export function createWorkerServer(options: {
	model: string;
	loaded: () => LoadedWorker | null;
	guard: WorkerGuard;
	log: Log;
}): Server {
	const { token, tls } = options.guard;
	const showsToken = tokenCheck(token);
	const need = (): LoadedWorker => {
		const loaded = options.loaded();
		if (loaded === null) throw modelLoading(options.model);
		return loaded;
	};

	async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = request.url ?? '/';
		const where = `${request.method} ${path}`;
		if (!showsToken(request)) throw unauthorised();
		if (where === 'GET /info') return sendJson(response, 200, need().info);
		if (where === 'GET /health') return sendJson(response, 200, health(options.loaded()));
		if (where === 'POST /tokenize') {
			const { prompt } = await readBody(request, tokenizeRequestSchema);
			return sendJson(response, 200, { tokens: eitherOf(need()).tokenisePrompt(prompt) });
		}
		if (where === 'POST /detokenize') {
			const { tokens } = await readBody(request, detokenizeRequestSchema);
			return sendJson(response, 200, { text: detokenise(tokens, need().vocabulary) });
		}
		if (where === 'POST /embed') {
			const body = await readBody(request, embedRequestSchema);
			const embeddings = await embedderOf(need()).embed(body, signalOf(response));
			return sendJson(response, 200, { embeddings: embeddings.map(encodeEmbedding) } satisfies EmbedResponse);
		}
		if (where === 'POST /generate') {
			const body = await readBody(request, generateRequestSchema);
			return generate(engineOf(need()), body, response);
		}
		const endPhase = /^\/generations\/([^/]+)\/end-phase$/.exec(path)?.[1];
		if (request.method === 'POST' && endPhase !== undefined) {
			const { phase } = await readBody(request, endPhaseRequestSchema);
			if (!engineOf(need()).endPhase(decodeURIComponent(endPhase), phase))
				throw notFound('No such generation runs here.');
			response.writeHead(204).end();
			return;
		}
		throw notFound(`There is no ${where}.`);
	}

	const answer = (request: IncomingMessage, response: ServerResponse): void => {
		route(request, response).catch((error: unknown) => {
			const known = error instanceof RetortError ? error : internalError(error);
			if (!(error instanceof RetortError)) options.log.error({ error: String(error) }, 'request failed');
			if (response.headersSent) response.destroy();
			else sendError(response, known);
		});
	};
	if (tls === null) return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, answer);
	const { cert, key, clientCa } = tls;
	const mutual = clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
	return createTlsServer({ cert, key, ...mutual, minVersion: 'TLSv1.2', keepAliveTimeout: KEEP_ALIVE_MS }, answer);
}

/** Headers go out with the first event; until then a failure is a status. */
function generate(engine: Engine, body: GenerateRequest, response: ServerResponse): void {
	let handle: GenerationHandle | null = null;
	handle = engine.generate(body, (events, isLast) => {
		if (response.destroyed) return true;
		if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
		let lines = '';
		for (const event of events) lines += `${JSON.stringify(event)}\n`;
		if (isLast) {
			response.end(lines);
			return true;
		}
		return response.write(lines);
	});
	response.on('drain', () => handle?.resume());
	response.on('close', () => {
		if (!response.writableFinished) handle?.cancel();
	});
	// Gone while its body was read: that close does not come again.
	if (response.destroyed) handle.cancel();
}

function health(loaded: LoadedWorker | null): WorkerHealth {
	const engine = (loaded && eitherOf(loaded).health()) ?? {
		state: 'loading' as const,
		busySlots: 0,
		waiting: 0,
		progress: 0,
	};
	return { ...engine, rssBytes: process.memoryUsage.rss() };
}

function eitherOf(loaded: LoadedWorker): Engine | Embedder {
	// The types of LoadedModel say that one of them is there; Omit has lost it.
	return (loaded.engine ?? loaded.embedder) as Engine | Embedder;
}

function engineOf({ engine }: LoadedWorker): Engine {
	if (engine === null)
		throw invalidRequest('model', 'invalid_value', 'The model makes embeddings: it generates no text.');
	return engine;
}

function embedderOf({ embedder }: LoadedWorker): Embedder {
	if (embedder === null)
		throw invalidRequest('model', 'invalid_value', 'The model generates text: it makes no embeddings.');
	return embedder;
}

/** Aborted when the client leaves. */
function signalOf(response: ServerResponse): AbortSignal {
	const abort = new AbortController();
	response.on('close', () => abort.abort());
	if (response.destroyed) abort.abort();
	return abort.signal;
}

function encodeEmbedding({ vector, tokens }: Embedding) {
	return { vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'), tokens };
}

function detokenise(tokens: readonly number[], vocabulary: Vocabulary): string {
	const bytes = tokens.map((id) => {
		if (id >= vocabulary.size) throw invalidRequest('tokens', 'invalid_value', `There is no token ${id}.`);
		return vocabulary.piece(id).bytes;
	});
	return Buffer.concat(bytes).toString('utf8');
}

async function readBody<Body>(request: IncomingMessage, schema: Schema<Body>): Promise<Body> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request) {
		const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
		size += bytes.length;
		if (size > MAX_BODY_BYTES) {
			throw new RetortError('The request body is too large.', {
				status: 413,
				type: 'invalid_request_error',
				code: 'request_too_large',
			});
		}
		chunks.push(bytes);
	}
	let value: unknown;
	try {
		value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
	} catch {
		throw invalidRequest(null, null, 'The body is not JSON.');
	}
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	throw invalidRequest(
		issue?.path.map(String).join('.') ?? null,
		'invalid_value',
		issue?.message ?? 'The body is not valid.',
	);
}

function unauthorised(): RetortError {
	return new RetortError('The bearer token of this worker is missing or wrong.', {
		status: 401,
		type: 'invalid_request_error',
		code: 'invalid_api_key',
	});
}

function notFound(message: string): RetortError {
	return new RetortError(message, { status: 404, type: 'invalid_request_error', code: 'not_found' });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
	const text = JSON.stringify(body);
	response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
	response.end(text);
}

function sendError(response: ServerResponse, error: RetortError): void {
	if (error.retryAfterSeconds !== null) response.setHeader('retry-after', error.retryAfterSeconds);
	sendJson(response, error.status, toEnvelope(error));
}
