import { type AddressInfo, connect } from 'node:net';
import { fastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { serverOptions } from '../../src/gateway/server-options.ts';
import { errorSchema } from './support/error-envelope.ts';
import { startGateway } from './support/start-gateway.ts';

test('a request has 15 seconds for its headers and 30 for the whole of it', async () => {
	const { app } = await startGateway();
	expect(app.server).toMatchObject({ headersTimeout: 15_000, requestTimeout: 30_000 });
});

test('500 clients that drip their requests are told and cut off, and others are served beside them', async () => {
	const options = serverOptions(configSchema.parse({}));
	// The same server with less patience, and one that looks at the clock more often.
	const http = { ...options.http, headersTimeout: 300, connectionsCheckingInterval: 50 };
	const app = fastify({ ...options, http, requestTimeout: 400 });
	onTestFinished(() => app.close());
	app.post('/', async () => 'served');
	await app.listen({ host: '127.0.0.1', port: 0 });
	const { port } = app.server.address() as AddressInfo; // of TCP: never a path
	const heads = [
		'POST / HTTP/1.1\r\nhost: x\r\nx-slow: ',
		'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{',
	];
	const drips = Array.from({ length: 500 }, async (_, index) => {
		const socket = connect(port, '127.0.0.1');
		let text = '';
		socket.on('error', () => {}); // the server may be quicker than our next byte
		socket.on('data', (chunk) => {
			text += String(chunk);
		});
		socket.write(heads[index % 2] ?? '');
		const drip = setInterval(() => socket.write('a'), 40);
		// Not events.once, which a reset would fail.
		await new Promise((resolve) => socket.once('close', resolve));
		clearInterval(drip);
		return text;
	});
	const served = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' });
	expect(await served.text()).toBe('served');
	const answers = await Promise.all(drips);
	const told = answers.filter((text) => text.startsWith('HTTP/1.1 408 '));
	// A byte that arrives after the answer resets the connection, which can swallow it.
	expect(told.length).toBeGreaterThan(0);
	for (const text of told) errorSchema.parse(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)));
	expect(answers.filter((text) => text !== '' && !text.startsWith('HTTP/1.1 408 '))).toEqual([]);
});
