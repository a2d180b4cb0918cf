import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { drainServer } from '../../src/gateway/drain-server.ts';
import { answerHeldAt } from '../support/fake-worker.ts';
import { until } from '../support/until.ts';
import { thinksForever } from './support/scripts.ts';
import { CHAT, startGateway } from './support/start-gateway.ts';

const STREAM = { ...CHAT, stream: true };

test('a hundred idle connections do not hold the end', async () => {
	const { app, listen } = await startGateway();
	const { port } = new URL(await listen());
	const sockets = await Promise.all(
		Array.from({ length: 100 }, async () => {
			const socket = connect(Number(port), '127.0.0.1');
			socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n');
			await once(socket, 'data');
			return { closed: once(socket, 'close') };
		}),
	);
	await drainServer(app, 30_000);
	await Promise.all(sockets.map(({ closed }) => closed));
});

test('while it drains, running streams go on, new work is a 503, and connections are asked to close', async () => {
	const { script, release } = answerHeldAt(1, 3);
	const { app, listen } = await startGateway({ script });
	const url = await listen();
	const headers = { 'content-type': 'application/json' };
	const running = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(STREAM) });
	await until(() => app.running.size === 1);
	const drained = drainServer(app, 30_000);
	const refused = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(CHAT) });
	expect(refused.status).toBe(503);
	expect(refused.headers.get('connection')).toBe('close');
	expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
	expect(await refused.json()).toMatchObject({ error: { code: 'shutting_down' } });
	expect((await fetch(`${url}/readyz`)).status).toBe(503);
	release();
	const text = await running.text();
	expect(text).toContain('t2 ');
	expect(text).toContain('data: [DONE]');
	await drained;
	await expect(fetch(`${url}/livez`)).rejects.toThrow();
});

test('after the grace streams end with an error frame, whole answers with a 503', async () => {
	const { app, listen, worker } = await startGateway({ script: thinksForever });
	const url = await listen();
	const post = (body: object) =>
		fetch(`${url}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
	const streamed = await post(STREAM);
	const whole = post(CHAT);
	await until(() => worker.running() === 2);
	await drainServer(app, 0);
	const text = await streamed.text();
	expect(text).toMatch(/data: \{"error":\{.*"code":"shutting_down"\}\}\n\n$/);
	expect(text).not.toContain('[DONE]');
	expect((await whole).status).toBe(503);
	await until(() => worker.running() === 0);
	expect(app.running.size).toBe(0);
});

test('a client that reads nothing does not hold the end either', async () => {
	const { app, listen, worker } = await startGateway({ script: thinksForever });
	const { port } = new URL(await listen());
	const socket = connect(Number(port), '127.0.0.1');
	socket.pause();
	const body = JSON.stringify(STREAM);
	socket.write(
		`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
	);
	await until(() => worker.running() === 1);
	await drainServer(app, 0);
	await until(() => worker.running() === 0);
	socket.destroy();
});
