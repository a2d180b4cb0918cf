import { once } from 'node:events';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { workerFailed } from '../../src/errors.ts';
import { parseEndpoint } from '../../src/pool/endpoint.ts';
import { HttpWorker, type HttpWorkerOptions } from '../../src/pool/http-worker.ts';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';
import {
	answer,
	type FakeScript,
	type FakeWorker,
	type FakeWorkerOptions,
	startFakeWorker,
	tokenEvent,
	tokenEvents,
	toLines,
} from '../support/fake-worker.ts';
import { generateRequest } from '../support/generate-request.ts';
import { startFake } from '../support/start-fake.ts';

const crashed = expect.objectContaining({ name: 'RetortError', code: 'worker_crashed', status: 500 });
const never = new AbortController().signal;
async function setUp(
	options: FakeWorkerOptions = {},
	changes: Partial<HttpWorkerOptions> = {},
): Promise<{ fake: FakeWorker; worker: HttpWorker }> {
	const fake = await startFakeWorker(options);
	const worker = new HttpWorker({
		id: 'w0',
		model: 'fake',
		endpoint: parseEndpoint(fake.endpoint),
		connectMs: 2000,
		patience: { firstEventMs: 20_000, gapMs: 20_000 },
		controlMs: 20_000,
		...changes,
	});
	onTestFinished(() => fake.close());
	onTestFinished(() => worker.destroy(workerFailed('test over')));
	return { fake, worker };
}

/** All events, and the error that ended them or null. */
async function run(worker: HttpWorker, signal = never): Promise<{ events: WorkerEvent[]; error: unknown }> {
	const events: WorkerEvent[] = [];
	try {
		for await (const event of worker.generate(generateRequest('r1'), signal)) events.push(event);
		return { events, error: null };
	} catch (error) {
		return { events, error };
	}
}

describe('HttpWorker', () => {
	it.each(['unix', 'tcp'] as const)('streams a generation over %s', async (transport) => {
		const { worker } = await setUp({ transport, script: answer(100) });
		expect(await run(worker)).toEqual({ events: tokenEvents(100), error: null });
	});

	it('asks for info, health, tokens and text', async () => {
		const { worker } = await setUp({ slots: 7 });
		expect((await worker.info(never)).slots).toBe(7);
		expect((await worker.health(never)).state).toBe('ready');
		expect(await worker.tokenize([{ text: 'a', special: false }], never)).toEqual([1, 2, 3]);
		expect(await worker.detokenize([5], never)).toBe('{"tokens":[5]}');
	});

	it('ends a phase of a running generation, and says when there is none', async () => {
		const { fake, worker } = await setUp({ script: (turn) => turn.send(...tokenEvents(1).slice(0, 2)) });
		expect(await worker.endPhase('a/b c', 'reasoning', never)).toBe(false);
		expect(fake.endedPhases).toEqual(['a/b c']);
		const events = worker.generate(generateRequest('a/b c'), never);
		await events.next();
		expect(await worker.endPhase('a/b c', 'reasoning', never)).toBe(true);
		await events.return();
	});

	it('gives the same events however the bytes are cut', async () => {
		const events: WorkerEvent[] = [
			...tokenEvents(2).slice(0, 2),
			{ type: 'delta', phase: 'answer', text: '三👩‍👧ü', special: false, ids: [1], logprobs: null },
			...tokenEvents(2).slice(-2),
		];
		const bytes = Buffer.from(toLines(events));
		let cut = 0;
		const { worker } = await setUp({
			script: async (turn) => {
				for (let start = 0; start < bytes.length; start += cut) await turn.sendRaw(bytes.subarray(start, start + cut));
				turn.end();
			},
		});
		for (cut = 1; cut < 40; cut += 3) expect(await run(worker)).toEqual({ events, error: null });
	});

	it.each([
		['a reset', 'tcp', 'reset'],
		['an abrupt end', 'unix', 'reset'],
		['a clean FIN', 'tcp', 'finish'],
		['an orderly end of the response', 'unix', 'end'],
	] as const)('turns %s at any byte into worker_crashed', async (_name, transport, ending) => {
		const events = tokenEvents(2);
		const bytes = Buffer.from(toLines(events));
		// The last byte is the line feed that makes the end known.
		const lastCut = bytes.length - 1;
		let cut = 0;
		const { worker } = await setUp({
			transport,
			script: async (turn) => {
				await turn.sendRaw(bytes.subarray(0, cut));
				turn[ending]();
			},
		});
		for (cut = 0; cut <= lastCut; cut += 1) {
			const outcome = await run(worker);
			expect(outcome.error).toEqual(crashed);
			expect(events.slice(0, outcome.events.length)).toEqual(outcome.events);
		}
	});

	it('takes a generation that ended for whole, though the connection is cut after it', async () => {
		const { worker } = await setUp({
			script: async (turn) => {
				await turn.send(...tokenEvents(2));
				turn.finish();
			},
		});
		expect(await run(worker)).toEqual({ events: tokenEvents(2), error: null });
	});

	it('does not wait for a response that stays open after its end', async () => {
		const { worker } = await setUp({ script: (turn) => turn.send(...tokenEvents(2)) });
		expect(await run(worker)).toEqual({ events: tokenEvents(2), error: null });
	});

	const garbage: [string, FakeScript][] = [
		['a line that is not JSON', (turn) => turn.sendRaw('{"type":\n')],
		['an event of no known type', (turn) => turn.sendRaw('{"type":"shell","run":"id"}\n')],
		['an event with a missing field', (turn) => turn.sendRaw('{"type":"generation-start"}\n')],
		['a line of 10 MB', (turn) => turn.sendRaw(`"${'x'.repeat(10_000_000)}"\n`)],
		['10 MB without a line feed', (turn) => turn.sendRaw('x'.repeat(10_000_000))],
		['bytes that are not UTF-8', (turn) => turn.sendRaw(Uint8Array.of(0x22, 0xff, 0x22, 0x0a))],
		['a delta before the start', (turn) => turn.send(tokenEvent(0))],
		['a second start', (turn) => turn.send(...tokenEvents(0).slice(0, 1), ...tokenEvents(0).slice(0, 1))],
		['an event after the end', (turn) => turn.send(...tokenEvents(0), tokenEvent(0))],
		[
			'an error event',
			(turn) => turn.send({ type: 'generation-error', code: 'decode_failed', message: 'secret path' }),
		],
		['a redirect', (turn) => void turn.response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
		[
			'a compressed answer',
			(turn) => {
				turn.response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(toLines(tokenEvents(2))));
			},
		],
		['a 401', (turn) => turn.fail(401, 'invalid_api_key')],
		['a 500', (turn) => turn.fail(500, 'internal_error', 'secret path')],
		['a 400 that is no envelope', (turn) => void turn.response.writeHead(400).end('<html>')],
	];
	it.each(garbage)('turns %s into worker_crashed that tells nothing', async (_name, script) => {
		const { worker } = await setUp({ script });
		const { error } = await run(worker);
		expect(error).toEqual(crashed);
		expect(String(error)).not.toContain('secret');
	});

	it('does not go where a redirect leads', async () => {
		const canary = await startFake({ transport: 'tcp' });
		const { worker } = await setUp({
			script: (turn) => void turn.response.writeHead(307, { location: `${canary.endpoint}/generate` }).end(),
		});
		expect((await run(worker)).error).toEqual(crashed);
		expect(canary.received).toEqual([]);
	});

	it("passes on a worker's own 400", async () => {
		const { worker } = await setUp({ script: (turn) => turn.fail(400, 'context_length_exceeded', 'too long') });
		const { error } = await run(worker);
		expect(error).toEqual(
			expect.objectContaining({ status: 400, code: 'context_length_exceeded', message: 'too long' }),
		);
	});

	it.each(['overloaded', 'model_loading', 'shutting_down'])('says %s in words of its own', async (code) => {
		const { worker } = await setUp({ script: (turn) => turn.fail(503, code, 'secret') });
		const { error } = await run(worker);
		expect(error).toEqual(expect.objectContaining({ status: 503, code }));
		expect(String(error)).not.toContain('secret');
	});

	it('frees the slot at once when the signal aborts, even before the first event', async () => {
		let seen: () => void = () => {};
		const arrived = new Promise<void>((resolve) => {
			seen = resolve;
		});
		let closed: Promise<void> | undefined;
		const { worker } = await setUp({
			script: (turn) => {
				closed = turn.closed;
				seen();
			},
		});
		const controller = new AbortController();
		const outcome = run(worker, controller.signal);
		await arrived;
		const reason = new DOMException('client left', 'AbortError');
		controller.abort(reason);
		expect(await outcome).toEqual({ events: [], error: reason });
		await closed;
	});

	it('frees the slot when the reader returns early', async () => {
		let closed: Promise<void> | undefined;
		const { worker } = await setUp({
			script: async (turn) => {
				closed = turn.closed;
				await turn.send(...tokenEvents(5).slice(0, 4));
			},
		});
		for await (const event of worker.generate(generateRequest('r1'), never)) if (event.type === 'delta') break;
		await closed;
	});

	it('does not start when the signal is aborted already', async () => {
		const { fake, worker } = await setUp();
		expect((await run(worker, AbortSignal.abort(new DOMException('gone')))).events).toEqual([]);
		expect(fake.received).toEqual([]);
	});

	it('gives up on a worker that never sends its first event', async () => {
		const { worker } = await setUp({ script: () => {} }, { patience: { firstEventMs: 30, gapMs: 20_000 } });
		expect((await run(worker)).error).toEqual(crashed);
	});

	it('gives up on a worker that falls silent', async () => {
		const { worker } = await setUp(
			{ script: (turn) => turn.send(...tokenEvents(2).slice(0, 2)) },
			{ patience: { firstEventMs: 20_000, gapMs: 30 } },
		);
		const { events, error } = await run(worker);
		expect(error).toEqual(crashed);
		expect(events).toEqual(tokenEvents(2).slice(0, 2));
	});

	it('gives up on a connection that is taken and never made', async () => {
		const silent = createServer((socket) => socket.on('error', () => {}).resume());
		await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
		const bound = silent.address();
		const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
		// It takes the connection and says nothing to the greeting of TLS.
		const { worker } = await setUp({}, { endpoint: parseEndpoint(`https://127.0.0.1:${port}`), connectMs: 50 });
		onTestFinished(() => new Promise<void>((resolve) => silent.close(() => resolve())));
		expect((await run(worker)).error).toEqual(crashed);
	});

	it('lets go of a connection that is being made when the signal says so', async () => {
		const silent = createServer((socket) => socket.on('error', () => {}).resume());
		await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
		const bound = silent.address();
		const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
		const { worker } = await setUp({}, { endpoint: parseEndpoint(`https://127.0.0.1:${port}`), connectMs: 1e6 });
		const taken = once(silent, 'connection');
		const abort = new AbortController();
		const asked = Promise.allSettled([worker.health(abort.signal)]);
		const [socket] = await taken;
		onTestFinished(async () => {
			socket.destroy();
			await new Promise((resolve) => silent.close(resolve));
		});
		const gone = new DOMException('gone');
		abort.abort(gone);
		expect(await asked).toEqual([{ status: 'rejected', reason: gone }]);
	});

	it('gives up on a control call that is not answered', async () => {
		const { worker } = await setUp({ intercept: (request) => request.url === '/health' }, { controlMs: 30 });
		await expect(worker.health(never)).rejects.toEqual(crashed);
	});

	it('does not count the time that the reader takes', async () => {
		const { worker } = await setUp({ script: answer(3) }, { patience: { firstEventMs: 20_000, gapMs: 1 } });
		const events: WorkerEvent[] = [];
		for await (const event of worker.generate(generateRequest('r1'), never)) {
			events.push(event);
			// Longer than the gap allowed, spent in the reader.
			const untilMs = performance.now() + 5;
			while (performance.now() < untilMs) await new Promise((resolve) => setImmediate(resolve));
		}
		expect(events).toEqual(tokenEvents(3));
	});

	it('sends again on a connection that the worker closed while it was idle', async () => {
		// Answers one request a connection, says keep-alive, and hangs up as the next request arrives.
		const health = { state: 'ready', busySlots: 0, waiting: 0, progress: 0, rssBytes: 0 };
		const body = JSON.stringify(health);
		const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: keep-alive\r\n\r\n${body}`;
		let connections = 0;
		const server = createServer((socket) => {
			connections += 1;
			let isUsed = false;
			socket.on('error', () => {});
			socket.on('data', () => {
				if (isUsed) socket.destroy();
				else socket.write(head);
				isUsed = true;
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
		const address = server.address();
		const port = address !== null && typeof address === 'object' ? address.port : 0;
		const { worker } = await setUp({}, { endpoint: parseEndpoint(`http://127.0.0.1:${port}`) });
		for (let call = 0; call < 5; call += 1) expect(await worker.health(never)).toEqual(health);
		expect(connections).toBe(5);
	});

	it('uses a connection again after a whole generation', async () => {
		const sockets = new Set<unknown>();
		const { worker } = await setUp({
			script: async (turn) => {
				sockets.add(turn.response.socket);
				await answer(2)(turn);
			},
		});
		for (let call = 0; call < 5; call += 1) await run(worker);
		// Two, where the next request comes before undici has put the connection back.
		expect(sockets.size).toBeLessThan(3);
	});

	it('tells a worker that is not there', async () => {
		const { fake, worker } = await setUp();
		await fake.close();
		expect((await run(worker)).error).toEqual(crashed);
	});

	it('fails running generations with the error that destroys it', async () => {
		const { worker } = await setUp({ script: (turn) => turn.send(...tokenEvents(1).slice(0, 1)) });
		const events = worker.generate(generateRequest('r1'), never);
		await events.next();
		const error = workerFailed('pulled');
		await worker.destroy(error);
		await expect(events.next()).rejects.toBe(error);
	});

	it('refuses a worker whose protocol it does not speak', async () => {
		const { worker } = await setUp({
			intercept: (request, response) => {
				if (request.url !== '/info') return false;
				response.end('{"protocolVersion":99}');
				return true;
			},
		});
		await expect(worker.info(never)).rejects.toEqual(expect.objectContaining({ code: 'worker_incompatible' }));
	});
});
