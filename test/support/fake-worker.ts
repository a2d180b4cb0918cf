import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	type EmbedRequest,
	embedRequestSchema,
	type GenerateRequest,
	generateRequestSchema,
	PROTOCOL_VERSION,
	type PromptPart,
	type WorkerEvent,
	type WorkerHealth,
	type WorkerInfo,
} from '../../src/protocol/worker-api.ts';

/** One generation as the fake sees it: a test's script decides what goes out on the wire, byte by byte if it likes. */
export type FakeTurn = {
	request: GenerateRequest;
	response: ServerResponse;
	/** Settles when the response is over, whole or cut. */
	closed: Promise<void>;
	/** Sends events as lines; settles once the kernel has them. */
	send(...events: WorkerEvent[]): Promise<void>;
	sendRaw(bytes: string | Uint8Array): Promise<void>;
	end(): void;
	/** A reset on TCP, an abrupt end on a unix socket. */
	reset(): void;
	/** Ends the connection politely in the middle of the response. */
	finish(): void;
	/** Answers with a status and the error envelope. */
	fail(status: number, code: string, message?: string): void;
};
export type FakeScript = (turn: FakeTurn) => void | Promise<void>;

export type FakeWorkerOptions = {
	/** Default: `answer(4)`. */
	script?: FakeScript;
	slots?: number;
	info?: Partial<WorkerInfo>;
	health?: () => Partial<WorkerHealth>;
	/** Any other or earlier answer than the fake's; true when it was given. */
	intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
	transport?: 'unix' | 'tcp';
};

export type FakeWorker = {
	/** As in configuration: unix:/path or http://host:port. */
	endpoint: string;
	/** Ids of the generations that were asked for, probes left out, in order. */
	received: string[];
	/** Generations that run now, probes left out. */
	running(): number;
	endedPhases: string[];
	/** What embeddings were asked for, probes too. */
	embedded: EmbedRequest[];
	script: FakeScript;
	/** Cuts every connection. */
	cut(): void;
	close(): Promise<void>;
};

/** A worker without a model, on a real socket. Probes are always answered; generations follow the script. */
export async function startFakeWorker(options: FakeWorkerOptions = {}): Promise<FakeWorker> {
	const folder = mkdtempSync(join(tmpdir(), 'fake-worker-'));
	const sockets = new Set<Socket>();
	const running = new Set<string>();
	let progress = 0;

	const server = createServer((request, response) => {
		if (options.intercept?.(request, response)) return;
		handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
	});
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	});

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = request.url ?? '';
		if (path === '/info') return json(response, fakeInfo({ slots: options.slots ?? 4, ...options.info }));
		if (path === '/health') {
			progress += 1;
			const health = { state: 'ready', busySlots: running.size, waiting: 0, progress, rssBytes: 1 };
			return json(response, { ...health, ...options.health?.() });
		}
		const body: unknown = JSON.parse(await readAll(request));
		if (path === '/tokenize') return json(response, { tokens: [1, 2, 3] });
		if (path === '/embed') {
			const asked = embedRequestSchema.parse(body);
			worker.embedded.push(asked);
			return json(response, { embeddings: asked.inputs.map(fakeEmbedding) });
		}
		if (path === '/detokenize') return json(response, { text: JSON.stringify(body) });
		if (path.endsWith('/end-phase')) {
			const id = decodeURIComponent(path.split('/')[2] ?? '');
			worker.endedPhases.push(id);
			response.writeHead(running.has(id) ? 204 : 404).end();
			return;
		}
		const generate = generateRequestSchema.parse(body);
		const turn = fakeTurn(generate, response);
		if (generate.requestId.startsWith('probe-')) return answer(1)(turn);
		worker.received.push(generate.requestId);
		running.add(generate.requestId);
		void turn.closed.then(() => running.delete(generate.requestId));
		await worker.script(turn);
	}

	const worker: FakeWorker = {
		endpoint: '',
		received: [],
		endedPhases: [],
		embedded: [],
		running: () => running.size,
		script: options.script ?? answer(4),
		cut() {
			for (const socket of sockets) socket.destroy();
		},
		async close() {
			worker.cut();
			if (server.listening) await new Promise((resolve) => server.close(resolve));
			rmSync(folder, { recursive: true, force: true });
		},
	};

	if (options.transport === 'tcp') {
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		// A TCP server's address is never a string.
		worker.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	} else {
		const path = join(folder, 'worker.sock');
		server.listen(path);
		await once(server, 'listening');
		worker.endpoint = `unix:${path}`;
	}
	return worker;
}

/** Streams `t0 t1 ...` to the end, from where the request resumes. */
export function answer(tokens: number): FakeScript {
	return async (turn) => {
		await turn.send(...tokenEvents(tokens, turn.request.resume.length));
		turn.end();
	};
}

/** Streams the start and `tokens` deltas, then holds until the returned `release` is called, then all the rest. */
export function answerHeldAt(tokens: number, total: number): { script: FakeScript; release: () => void } {
	let release: () => void = () => {};
	const gate = new Promise<void>((resolve) => {
		release = resolve;
	});
	const script: FakeScript = async (turn) => {
		const events = tokenEvents(total);
		await turn.send(...events.slice(0, 1 + tokens));
		await gate;
		if (turn.response.destroyed) return;
		await turn.send(...events.slice(1 + tokens));
		turn.end();
	};
	return { script, release };
}

/** A whole generation: start, `tokens` deltas `t0 `, `t1 `, ... (those before `from` left out), end of phase, end. */
export function tokenEvents(tokens: number, from = 0): WorkerEvent[] {
	const deltas = Array.from({ length: tokens }, (_, index) => tokenEvent(index)).slice(from);
	return [
		{ type: 'generation-start', promptTokens: 3, cachedTokens: 0 },
		...deltas,
		{ type: 'phase-end', phase: 'answer', reason: 'eos', tokens, ms: 1, emptyRetries: 0, ids: [] },
		{
			type: 'generation-end',
			finishReason: 'stop',
			promptTokens: 3,
			cachedTokens: 0,
			completionTokens: tokens,
			reasoningTokens: 0,
			timings: { queueMs: 0, prefillMs: 0, decodeMs: 0 },
		},
	];
}

export function tokenEvent(index: number): WorkerEvent {
	return { type: 'delta', phase: 'answer', text: `t${index} `, special: false, ids: [index], logprobs: null };
}

export function toLines(events: WorkerEvent[]): string {
	return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** The text of the deltas, one after the other. */
export function textOf(events: WorkerEvent[]): string {
	return events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
}

export function fakeInfo(changes: Partial<WorkerInfo> = {}): WorkerInfo {
	return {
		protocolVersion: PROTOCOL_VERSION,
		versions: { retort: '0.0.0', nodeLlamaCpp: '0', llamaCpp: '0', backend: 'none' },
		model: {
			name: 'fake',
			fingerprint: 'f'.repeat(64),
			architecture: 'fake',
			parameters: 1,
			fileBytes: 1,
			trainContextTokens: 2048,
			vocabularySize: 1000,
		},
		chatTemplate: null,
		tokens: { bos: null, eos: null, special: [] },
		contextTokens: 2048,
		slots: 4,
		threads: 1,
		...changes,
	};
}

/** Three numbers that tell the length of the input from any other: a token a character, or those that were given. */
export function fakeVector(length: number): Float32Array {
	const norm = Math.hypot(length, 3, 4);
	return Float32Array.of(length / norm, 3 / norm, 4 / norm);
}

function fakeEmbedding(input: PromptPart[]): { vector: string; tokens: number } {
	const tokens = input.reduce((sum, part) => sum + ('text' in part ? part.text.length : part.tokens.length), 0);
	return { vector: Buffer.from(fakeVector(tokens).buffer).toString('base64'), tokens };
}

function fakeTurn(request: GenerateRequest, response: ServerResponse): FakeTurn {
	const closed = new Promise<void>((resolve) => {
		response.once('close', resolve);
	});
	const write = (bytes: string | Uint8Array) =>
		new Promise<void>((resolve) => {
			if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
			if (response.destroyed) resolve();
			else response.write(bytes, () => resolve());
		});
	return {
		request,
		response,
		closed,
		send: (...events) => write(toLines(events)),
		sendRaw: write,
		end: () => response.end(),
		reset() {
			const { socket } = response;
			if (socket?.remoteAddress === undefined) socket?.destroy();
			else socket.resetAndDestroy();
		},
		finish: () => response.socket?.end(),
		fail(status, code, message = code) {
			json(response, { error: { message, type: 'server_error', param: null, code } }, status);
		},
	};
}

function json(response: ServerResponse, value: unknown, status = 200): void {
	response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function readAll(request: IncomingMessage): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString('utf8');
}
