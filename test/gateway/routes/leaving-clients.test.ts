import { once } from 'node:events';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { neverBegins, talksForever, thinksForever } from '../support/scripts.ts';
import { CHAT, type Gateway, startGateway } from '../support/start-gateway.ts';

const STREAM = { ...CHAT, stream: true as const };

function post(body: unknown): string {
	const json = JSON.stringify(body);
	return `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}

async function rawSocket(gateway: Gateway) {
	const url = new URL(await gateway.listen());
	const socket = connect(Number(url.port), url.hostname);
	await once(socket, 'connect');
	return socket;
}

/** The most bytes that the next response had written and the kernel had not taken. */
function watchHeld({ app }: Gateway): () => number {
	let most = 0;
	app.server.once('request', (_request, response) => {
		const watch = setInterval(() => {
			most = Math.max(most, response.writableLength);
		}, 5);
		response.once('close', () => clearInterval(watch));
	});
	return () => most;
}

test.each([
	['mid-thought', thinksForever],
	['while the worker has not begun', neverBegins],
])('a client that aborts %s frees the slot', async (_when, script) => {
	const gateway = await startGateway({ script });
	const client = await gateway.client();
	const abort = new AbortController();
	const request = client.chat.completions.create(STREAM, { signal: abort.signal }).then(async (stream) => {
		for await (const _chunk of stream) abort.abort();
	});
	await until(() => gateway.worker.running() === 1);
	if (script === neverBegins) abort.abort();
	await request.catch((error: unknown) => expect(error).toBeInstanceOf(OpenAI.APIUserAbortError));
	await until(() => gateway.worker.running() === 0);
	await until(() => gateway.app.running.size === 0);
	expect(gateway.pool.status().workers[0]?.busySlots).toBe(0);
	await until(() => gateway.logged().includes('"outcome":"client-left"'));
});

test('a client that leaves while it waits for a whole answer frees the slot', async () => {
	const gateway = await startGateway({ script: thinksForever });
	const socket = await rawSocket(gateway);
	socket.write(post(CHAT));
	await until(() => gateway.worker.running() === 1);
	socket.destroy();
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
	await until(() => gateway.logged().includes('"msg":"request ended"'));
	const { payload } = await gateway.app.inject('/metrics');
	expect(payload.match(/retort_requests_total\{.*\} \d+/g)).toEqual([
		'retort_requests_total{route="/v1/chat/completions",status="499",model="fake"} 1',
	]);
});

test('a client that leaves while queued never runs', async () => {
	const gateway = await startGateway({ script: thinksForever, slots: 1 });
	const first = await rawSocket(gateway);
	first.write(post(STREAM));
	await until(() => gateway.worker.running() === 1);
	const second = connect(first.remotePort ?? 0, '127.0.0.1');
	second.write(post(STREAM));
	await until(() => gateway.pool.status().queueLength === 1);
	second.destroy();
	await until(() => gateway.pool.status().queueLength === 0);
	first.destroy();
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
	expect(gateway.worker.received).toHaveLength(1);
});

test('three pipelined streams on one socket all stop when it closes', async () => {
	const gateway = await startGateway({ script: thinksForever });
	const socket = await rawSocket(gateway);
	socket.write(post(STREAM) + post(STREAM) + post(CHAT));
	await until(() => gateway.worker.running() === 3);
	socket.destroy();
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
	expect(gateway.pool.status().workers[0]?.busySlots).toBe(0);
});

test('pipelined floods stop too, although nothing pulls from those that wait', async () => {
	const gateway = await startGateway({ script: talksForever });
	const socket = await rawSocket(gateway);
	socket.write(post(STREAM) + post(STREAM) + post(STREAM));
	await until(() => gateway.worker.running() === 3);
	await once(socket, 'data');
	socket.destroy();
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
});

test('a client that is gone before its request is looked at is no failure of ours', async () => {
	const gateway = await startGateway();
	const socket = await rawSocket(gateway);
	gateway.app.server.prependOnceListener('request', (request) => request.socket.destroy());
	socket.write(post(STREAM));
	await until(() => gateway.logged().includes('"msg":"request ended"'));
	expect(gateway.logged()).toContain('"status":499');
	// Handled in the same turns: the other request's answer comes after whatever the first one had to say.
	expect((await gateway.app.inject('/v1/models')).statusCode).toBe(200);
	expect(gateway.logged()).not.toContain('"msg":"request failed"');
	expect(gateway.worker.received).toEqual([]);
});

test('half of a closed connection is a closed connection', async () => {
	const gateway = await startGateway({ script: thinksForever });
	const socket = await rawSocket(gateway);
	socket.write(post(STREAM));
	await once(socket, 'data');
	socket.end();
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
});

test('a reader that never reads holds bounded memory and is cut off', async () => {
	const gateway = await startGateway({ script: talksForever, config: { server: { slowReaderSeconds: 0.2 } } });
	const socket = await rawSocket(gateway);
	socket.pause();
	const mostHeld = watchHeld(gateway);
	socket.write(post(STREAM));
	await until(() => gateway.worker.running() === 1);
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
	expect(mostHeld()).toBeLessThan(1024 * 1024);
	expect(gateway.logged()).toContain('"outcome":"client-left"');
	socket.destroy();
});

test('a reader of one byte at a time is no better: bounded memory, and cut off when a frame finds no room for too long', async () => {
	const gateway = await startGateway({ script: talksForever, config: { server: { slowReaderSeconds: 0.2 } } });
	const mostHeld = watchHeld(gateway);
	let bytesRead = 0;
	const socket = connect({
		port: Number(new URL(await gateway.listen()).port),
		host: '127.0.0.1',
		// One byte leaves the kernel, and then none until it is asked for again.
		onread: { buffer: new Uint8Array(1), callback: () => ++bytesRead < 0 },
	});
	socket.on('error', () => {}); // it is cut off
	const reading = setInterval(() => socket.resume(), 10);
	socket.write(post(STREAM));
	await until(() => gateway.worker.running() === 1);
	await until(() => gateway.worker.running() === 0 && gateway.app.running.size === 0);
	clearInterval(reading);
	socket.destroy();
	expect(bytesRead).toBeGreaterThan(1);
	expect(mostHeld()).toBeLessThan(1024 * 1024);
	expect(gateway.logged()).toContain('"outcome":"client-left"');
});
