import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../src/protocol/worker-api.ts';
import {
	type WorkerEvent,
	workerEventSchema,
	workerHealthSchema,
	workerInfoSchema,
} from '../../src/protocol/worker-api.ts';
import { type RunningWorker, startWorker } from '../../src/worker/start-worker.ts';
import { ask, collect, embeddedModel, phase, reasoning, silentLog } from './support/engine.ts';

let folder: string;
let socketPath: string;
let worker: RunningWorker;
let statusWhileLoading: number | undefined;

function options(listen: string, modelPath = embeddedModel) {
	return {
		listen,
		guard: { token: null, tls: null },
		name: 'pocket',
		modelPath,
		slots: 2,
		contextTokens: 1024,
		threads: 1,
		gpuLayers: 0,
		batchTokens: 128,
		prefillSliceTokens: 64,
		parkedBytes: 0,
		speculates: true,
		retortVersion: '0.0.0',
		log: silentLog,
		onFailure: () => undefined,
	};
}

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'retort-worker-'));
	socketPath = join(folder, 'worker.sock');
	worker = await startWorker(options(`unix:${socketPath}`));
	statusWhileLoading = (await call('GET', '/info')).status;
	await worker.ready;
});

afterAll(async () => {
	await worker.close();
	await rm(folder, { recursive: true });
});

function send(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const sent = httpRequest({ socketPath, method, path }, resolve);
		sent.on('error', reject);
		sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
	});
}

async function readAll(response: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of response) chunks.push(chunk);
	return Buffer.concat(chunks).toString('utf8');
}

async function call(method: string, path: string, body?: unknown) {
	const response = await send(method, path, body);
	const text = await readAll(response);
	return { status: response.statusCode, headers: response.headers, json: text === '' ? null : JSON.parse(text) };
}

async function generate(request: GenerateRequest): Promise<WorkerEvent[]> {
	const text = await readAll(await send('POST', '/generate', request));
	expect(text.endsWith('\n')).toBe(true);
	return text
		.trimEnd()
		.split('\n')
		.map((line) => workerEventSchema.parse(JSON.parse(line)));
}

/** Asks until the condition holds; the test's own deadline ends what never comes. */
async function healthWhere(holds: (health: { busySlots: number; progress: number }) => boolean) {
	for (;;) {
		const health = workerHealthSchema.parse((await call('GET', '/health')).json);
		if (holds(health)) return health;
	}
}

describe('a worker on a unix socket', () => {
	it('is private to its user, and answers 503 until the model is loaded', async () => {
		expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
		expect(statusWhileLoading).toBe(503);
	});

	it('tells what it serves', async () => {
		const info = workerInfoSchema.parse((await call('GET', '/info')).json);
		expect(info).toMatchObject({ contextTokens: 1024, slots: 2, threads: 1, model: { name: 'pocket-reasoner' } });
		expect(info.model.fingerprint).toMatch(/^[0-9a-f]{64}$/);
		expect(info.tokens.special).toContain('</think>');
		expect(info.tokens.bos).toBe('<｜begin▁of▁sentence｜>');
		expect(info.chatTemplate).toContain('<｜User｜>');
	});

	it('streams a generation as NDJSON of known events', async () => {
		const events = await generate(ask('What is 17+25?'));
		expect(events[0]?.type).toBe('generation-start');
		expect(events.at(-1)?.type).toBe('generation-end');
		expect(collect(events).answer).toContain('42');
	});

	it('shows progress in its health', async () => {
		const before = workerHealthSchema.parse((await call('GET', '/health')).json);
		await generate(ask('What is 1+1?', { maxTokens: 5 }));
		const after = await healthWhere(({ busySlots }) => busySlots === 0);
		expect(after.state).toBe('ready');
		expect(after.progress).toBeGreaterThan(before.progress);
	});

	it('ends a phase while it streams, and knows no other', async () => {
		const endless = reasoning({ sampling: { ...phase().sampling, logitBias: [[97, 100]] } });
		const request = ask('What is 17+25?', { phases: [endless, phase()], maxTokens: 900 });
		const response = await send('POST', '/generate', request);
		const path = `/generations/${request.requestId}/end-phase`;
		expect((await call('POST', path, { phase: 'reasoning' })).status).toBe(204);
		const events = (await readAll(response)).trimEnd().split('\n');
		expect(collect(events.map((line) => workerEventSchema.parse(JSON.parse(line)))).phaseEnds[0]?.reason).toBe(
			'ended-by-client',
		);
		expect((await call('POST', path, { phase: 'reasoning' })).status).toBe(404);
	});

	it('tokenises and detokenises', async () => {
		const prompt = [{ text: 'Ünïcode 😀 <think>', special: false }];
		const { tokens } = (await call('POST', '/tokenize', { prompt })).json;
		expect((await call('POST', '/detokenize', { tokens })).json).toEqual({
			text: '<｜begin▁of▁sentence｜>Ünïcode 😀 <think>',
		});
		expect((await call('POST', '/detokenize', { tokens: [99_999_999] })).status).toBe(400);
	});

	it.each([
		['POST', '/generate', '{', 400],
		['POST', '/generate', { requestId: 1 }, 400],
		['POST', '/tokenize', { prompt: 'text' }, 400],
		['POST', '/generations/x/end-phase', { phase: 'lunch' }, 400],
		['GET', '/generate', undefined, 404],
		['GET', '/other', undefined, 404],
	])('answers %s %s with an error envelope', async (method, path, body, status) => {
		const { status: got, json } = await call(method, path, body);
		expect(got).toBe(status);
		expect(Object.keys(json.error).sort()).toEqual(['code', 'message', 'param', 'type']);
	});

	it('decides that a prompt is too long before the headers, with the numbers', async () => {
		const { status, json } = await call('POST', '/generate', ask('word '.repeat(3000)));
		expect(status).toBe(400);
		expect(json.error.code).toBe('context_length_exceeded');
		expect(json.error.message).toMatch(/1024 tokens.*resulted in \d{4,} tokens/);
	});
});

describe('a client that closes its connection', () => {
	it('frees the slot during decode', async () => {
		const forever = phase({ sampling: { ...phase().sampling, logitBias: [[97, 100]] } });
		const response = await send('POST', '/generate', ask('x', { phases: [forever], maxTokens: null }));
		await new Promise((resolve) => response.once('data', resolve));
		await healthWhere(({ busySlots }) => busySlots === 1);
		response.destroy();
		await healthWhere(({ busySlots }) => busySlots === 0);
	});

	it('frees the slot also when it is gone before anything came back', async () => {
		const forever = phase({ sampling: { ...phase().sampling, logitBias: [[97, 100]] } });
		const body = JSON.stringify(ask('x', { phases: [forever], maxTokens: null }));
		const head = `POST /generate HTTP/1.1\r\nhost: worker\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
		for (let round = 0; round < 4; round++) {
			const socket = connect(socketPath);
			await new Promise((resolve) => socket.once('connect', resolve));
			await new Promise((resolve) => socket.write(head + body, resolve));
			socket.destroy();
		}
		expect((await generate(ask('What is 1+1?', { maxTokens: 3 }))).at(-1)?.type).toBe('generation-end');
		await healthWhere(({ busySlots }) => busySlots === 0);
	});

	it('frees the slot during prefill', async () => {
		const long = ask('word '.repeat(450), { phases: [reasoning(), phase()], cacheScope: 'prefill' });
		const response = await send('POST', '/generate', long);
		response.destroy();
		await healthWhere(({ busySlots }) => busySlots === 0);
	});
});

describe('a client that does not read', () => {
	it('stops the decoding for it, and gets the whole when it reads again', async () => {
		const response = await send('POST', '/generate', ask('What is 17+25?', { logprobs: 20 }));
		response.pause();
		const events = (await readAll(response)).trimEnd().split('\n');
		expect(JSON.parse(events.at(-1) ?? '').type).toBe('generation-end');
	});
});

/** A file of one key and one tensor, padded to look like one that holds data. */
function gguf({ key, dimension }: { key: string; dimension: bigint }): Buffer {
	const number = (value: bigint) => {
		const bytes = Buffer.alloc(8);
		bytes.writeBigUInt64LE(value);
		return bytes;
	};
	const small = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
	const text = (value: string) => Buffer.concat([number(BigInt(value.length)), Buffer.from(value)]);
	const architecture = [text('general.architecture'), small(8), text('llama')];
	const other = [text(key), small(4), small(1)];
	const tensor = [text('token_embd.weight'), small(2), number(dimension), number(dimension), small(0), number(0n)];
	const head = [Buffer.from('GGUF'), small(3), number(1n), number(2n)];
	return Buffer.concat([...head, ...architecture, ...other, ...tensor, Buffer.alloc(4096)]);
}

describe('starting a worker', () => {
	it('on TCP gives the address that came to be, and drains', async () => {
		const other = await startWorker(options('127.0.0.1:0'));
		expect(other.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
		await other.ready;
		const response = await fetch(`${other.address}/generate`, {
			method: 'POST',
			body: JSON.stringify(
				ask('x', { phases: [phase({ sampling: { ...phase().sampling, logitBias: [[97, 100]] } })], maxTokens: null }),
			),
		});
		const closing = other.close();
		// Until it has ended: who cannot ask it would take it for dead, and its generations with it.
		const health = await fetch(`${other.address}/health`);
		expect(workerHealthSchema.parse(await health.json()).state).toBe('draining');
		const late = await fetch(`${other.address}/generate`, { method: 'POST', body: JSON.stringify(ask('x')) });
		expect(late.status).toBe(503);
		expect(await late.json()).toMatchObject({ error: { code: 'shutting_down' } });
		expect((await response.text()).trimEnd().split('\n').at(-1)).toContain('generation-end');
		await closing;
		await expect(fetch(`${other.address}/health`)).rejects.toThrow();
	});

	it('fails what runs with an error event when it is destroyed', async () => {
		const other = await startWorker(options('127.0.0.1:0'));
		await other.ready;
		const response = await fetch(`${other.address}/generate`, {
			method: 'POST',
			body: JSON.stringify(
				ask('x', { phases: [phase({ sampling: { ...phase().sampling, logitBias: [[97, 100]] } })], maxTokens: null }),
			),
		});
		await other.destroy();
		expect(JSON.parse((await response.text()).trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
			type: 'generation-error',
			code: 'shutting_down',
		});
	});

	it('refuses files that are no model, with the reason', async () => {
		const real = await readFile(embeddedModel);
		const greedy = Buffer.alloc(24);
		greedy.write('GGUF');
		greedy.writeUInt32LE(3, 4);
		greedy.writeBigUInt64LE(1n, 8);
		greedy.writeBigUInt64LE(2n ** 48n, 16);
		const files = {
			'text.gguf': Buffer.from('hello'),
			'greedy.gguf': greedy,
			'cut.gguf': real.subarray(0, real.length * 0.6),
			'empty-key.gguf': gguf({ key: '', dimension: 32n }),
			'zero-dimension.gguf': gguf({ key: 'general.x', dimension: 0n }),
			'vast-dimension.gguf': gguf({ key: 'general.x', dimension: 2n ** 63n }),
		};
		for (const [name, bytes] of Object.entries(files)) {
			await writeFile(join(folder, name), bytes);
			const other = await startWorker(options('127.0.0.1:0', join(folder, name)));
			await expect(other.ready).rejects.toMatchObject({ code: 'config_error', message: expect.stringContaining(name) });
			await other.close();
		}
		const missing = await startWorker(options('127.0.0.1:0', join(folder, 'none.gguf')));
		await expect(missing.ready).rejects.toMatchObject({ message: expect.stringContaining('cannot be read') });
		await missing.close();
	});

	it('refuses an address that is none, and one that is taken', async () => {
		await expect(startWorker(options('nowhere'))).rejects.toMatchObject({ code: 'config_error' });
		await expect(startWorker(options('unix:/no/such/folder/worker.sock'))).rejects.toMatchObject({
			code: 'config_error',
		});
	});
});
