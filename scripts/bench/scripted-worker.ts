/**
 * A worker without a model: speaks the worker protocol and answers "t0 t1 t2 ..." at a fixed pace, so that what is
 * measured behind it is the gateway alone, and a token that is lost, repeated or out of order shows.
 *
 *   node scripted-worker.js --listen unix:PATH [--tokens-per-second 10] [--slots 1024] [--direct]
 *
 * 0 tokens a second means at once, in one write: a worker of zero work. `--direct` prints a URL that answers chat
 * completions in the same way, without a gateway: what a gateway adds is the difference. Ends when its stdin does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { generateRequestSchema, PROTOCOL_VERSION } from '../../src/protocol/worker-api.ts';
import { chatDialect, type Dialect, workerDialect } from './scripted-dialects.ts';

type Stream = { response: ServerResponse; dialect: Dialect; sent: number; total: number; nextMs: number };

const TICK_MS = 5;
const DEFAULT_TOKENS = 16;
const CONTEXT_TOKENS = 131_072;

const { values } = parseArgs({
	options: {
		listen: { type: 'string' },
		'tokens-per-second': { type: 'string', default: '10' },
		slots: { type: 'string', default: '1024' },
		direct: { type: 'boolean', default: false },
	},
	strict: false, // the pool hands over the flags of a real worker too
});
const slots = Number(values.slots);
const gapMs = Number(values['tokens-per-second']) > 0 ? 1000 / Number(values['tokens-per-second']) : 0;
const streams = new Set<Stream>();
let progress = 0;

function generate(dialect: Dialect, maxTokens: number | null | undefined, response: ServerResponse): void {
	const stream = { response, dialect, sent: 0, total: maxTokens ?? DEFAULT_TOKENS, nextMs: performance.now() };
	response.writeHead(200, { 'content-type': dialect.contentType });
	if (gapMs === 0) {
		let all = dialect.start;
		for (; stream.sent < stream.total; stream.sent += 1) all += dialect.token(stream.sent);
		progress += stream.total;
		response.end(all + dialect.end(stream.total));
		return;
	}
	streams.add(stream);
	response.on('close', () => streams.delete(stream));
	response.write(dialect.start);
	step(stream, stream.nextMs);
}

function step(stream: Stream, nowMs: number): void {
	if (stream.nextMs > nowMs) return;
	stream.nextMs += gapMs;
	progress += 1;
	const text = stream.dialect.token(stream.sent);
	stream.sent += 1;
	if (stream.sent < stream.total) {
		stream.response.write(text);
		return;
	}
	streams.delete(stream);
	stream.response.end(text + stream.dialect.end(stream.total));
}

const chatSchema = z.object({ max_tokens: z.number().optional() });

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
			return generate(workerDialect, generateRequestSchema.parse(await readBody(request)).maxTokens, response);
		case '/v1/chat/completions':
			return generate(chatDialect, chatSchema.parse(await readBody(request)).max_tokens, response);
		case '/v1/models':
			return answer(response, { data: [{ id: info.model.name }] });
		case '/tokenize':
			return answer(response, { tokens: [1, 2, 3, 4] });
		default:
			response.writeHead(404).end();
	}
}

function serve() {
	const server = createServer((request, response) => {
		route(request, response).catch(() => response.destroy());
	});
	server.keepAliveTimeout = 60_000;
	return server;
}

const address = String(values.listen);
if (address.startsWith('unix:')) serve().listen(address.slice('unix:'.length));
else serve().listen(Number(new URL(address).port), '127.0.0.1');
if (values.direct === true) {
	const direct = serve().listen(0, '127.0.0.1', () => {
		const { port } = direct.address() as AddressInfo; // a TCP server has no other kind of address
		console.log(`without a gateway: http://127.0.0.1:${port}`);
	});
}
setInterval(() => {
	const nowMs = performance.now();
	for (const stream of streams) step(stream, nowMs);
}, TICK_MS);
process.stdin.resume().on('end', () => process.exit(0));
