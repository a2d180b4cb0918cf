/**
 * A worker without a model: speaks the worker protocol and answers "t0 t1 t2 ..." at a fixed pace, so that what is
 * measured behind it is the gateway alone, and a token that is lost, repeated or out of order shows.
 *
 *   node scripted-worker.js --listen unix:PATH [--tokens-per-second 10] [--slots 1024]
 *
 * 0 tokens a second means at once, in one write: a worker of zero work. Ends when its stdin does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import {
	type GenerateRequest,
	generateRequestSchema,
	PROTOCOL_VERSION,
	type WorkerEvent,
} from '../../src/protocol/worker-api.ts';

type Stream = { response: ServerResponse; sent: number; total: number; promptTokens: number; nextMs: number };

const TICK_MS = 5;
const CONTEXT_TOKENS = 131_072;

const { values } = parseArgs({
	options: {
		listen: { type: 'string' },
		'tokens-per-second': { type: 'string', default: '10' },
		slots: { type: 'string', default: '1024' },
	},
	strict: false, // the pool hands over the flags of a real worker too
});
const slots = Number(values.slots);
const gapMs = Number(values['tokens-per-second']) > 0 ? 1000 / Number(values['tokens-per-second']) : 0;
const streams = new Set<Stream>();
let progress = 0;

function line(event: WorkerEvent): string {
	return `${JSON.stringify(event)}\n`;
}

/** The hot one, by hand: at thousands a second this process shares the cores with what it measures. */
function deltaLine(index: number): string {
	return `{"type":"delta","phase":"answer","text":"t${index} ","special":false,"ids":[${index}],"logprobs":null}\n`;
}

function endLines(stream: Stream): string {
	const { promptTokens, total } = stream;
	const counts = { promptTokens, cachedTokens: 0, completionTokens: total, reasoningTokens: 0 };
	return (
		line({ type: 'phase-end', phase: 'answer', reason: 'length', tokens: total, ms: 0, emptyRetries: 0, ids: [] }) +
		line({
			type: 'generation-end',
			finishReason: 'length',
			...counts,
			timings: { queueMs: 0, prefillMs: 0, decodeMs: 0 },
		})
	);
}

function generate(request: GenerateRequest, response: ServerResponse): void {
	const promptTokens = 16;
	const stream = { response, sent: 0, total: request.maxTokens ?? 16, promptTokens, nextMs: performance.now() };
	response.writeHead(200, { 'content-type': 'application/x-ndjson' });
	const start = line({ type: 'generation-start', promptTokens, cachedTokens: 0 });
	if (gapMs === 0) {
		let all = start;
		for (; stream.sent < stream.total; stream.sent += 1) all += deltaLine(stream.sent);
		progress += stream.total;
		response.end(all + endLines(stream));
		return;
	}
	streams.add(stream);
	response.on('close', () => streams.delete(stream));
	response.write(start);
	step(stream, stream.nextMs);
}

function step(stream: Stream, nowMs: number): void {
	if (stream.nextMs > nowMs) return;
	stream.nextMs += gapMs;
	progress += 1;
	const text = deltaLine(stream.sent);
	stream.sent += 1;
	if (stream.sent < stream.total) {
		stream.response.write(text);
		return;
	}
	streams.delete(stream);
	stream.response.end(text + endLines(stream));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return JSON.parse(Buffer.concat(chunks).toString());
}

function answer(response: ServerResponse, body: unknown): void {
	response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const info = {
	protocolVersion: PROTOCOL_VERSION,
	versions: { retort: '0', nodeLlamaCpp: '0', llamaCpp: '0', backend: 'script' },
	model: {
		name: 'scripted',
		fingerprint: 'scripted',
		architecture: 'none',
		parameters: 0,
		fileBytes: 0,
		trainContextTokens: CONTEXT_TOKENS,
		vocabularySize: CONTEXT_TOKENS,
	},
	chatTemplate: "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:",
	tokens: { bos: null, eos: null, special: [] },
	contextTokens: CONTEXT_TOKENS,
	slots,
	threads: 1,
};

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
	switch (request.url) {
		case '/info':
			return answer(response, info);
		case '/health':
			return answer(response, {
				state: 'ready',
				busySlots: streams.size,
				waiting: 0,
				progress,
				rssBytes: process.memoryUsage.rss(),
			});
		case '/generate':
			return generate(generateRequestSchema.parse(await readBody(request)), response);
		case '/tokenize':
			return answer(response, { tokens: [1, 2, 3, 4] });
		default:
			response.writeHead(404).end();
	}
}

const server = createServer((request, response) => {
	route(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
const address = String(values.listen);
if (address.startsWith('unix:')) server.listen(address.slice('unix:'.length));
else server.listen(Number(new URL(address).port), '127.0.0.1');
setInterval(() => {
	const nowMs = performance.now();
	for (const stream of streams) step(stream, nowMs);
}, TICK_MS);
process.stdin.resume().on('end', () => process.exit(0));
