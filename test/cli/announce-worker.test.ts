import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { announceWorker } from '../../src/cli/announce-worker.ts';
import { recordingLog } from '../support/recording-log.ts';

const TOKEN = '0123456789abcdef';
const what = { model: 'm', port: 9000, secure: false, url: null };
/** A gateway as a worker sees it; `answers` are its statuses, the last one stays. */
async function startHearer(...answers: number[]) {
	const heard: { authorization: string | undefined; url: string | undefined; body: unknown }[] = [];
	const server = createServer(async (request: IncomingMessage, response) => {
		let text = '';
		for await (const chunk of request.setEncoding('utf8')) text += chunk;
		const { url, headers } = request;
		heard.push({ authorization: headers.authorization, url, body: JSON.parse(text) });
		const status = (answers.length > 1 ? answers.shift() : answers[0]) ?? 200;
		response.writeHead(status, { location: 'http://127.0.0.1:1/', connection: 'close' });
		response.end(JSON.stringify({ worker: 'w', renew_seconds: 0.01 }));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
	return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }; // a TCP server's address is never a string
}

it('tells every gateway again and again, with the token, and says goodbye', async () => {
	const [one, other] = [await startHearer(), await startHearer()];
	const log = recordingLog();
	const announced = announceWorker({ gateways: [one.url, `${other.url}/`], token: TOKEN, what, log });
	for (const { heard } of [one, other]) await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(2);
	await announced.leave();
	for (const { heard } of [one, other]) {
		const told = { authorization: `Bearer ${TOKEN}`, url: '/workers/announce' };
		expect(heard[0]).toEqual({ ...told, body: { ...what, leaves: false } });
		expect(heard.at(-1)).toEqual({ ...told, body: { ...what, leaves: true } });
	}
	expect(log.entries.filter(({ message }) => message === 'announced to the gateway')).toHaveLength(2);
});

it('says why it was not heard, once, never the token, and does not follow where it is sent', async () => {
	const { url } = await startHearer(302);
	const log = recordingLog();
	const announced = announceWorker({ gateways: [url, 'http://127.0.0.1:1'], token: TOKEN, what, log });
	const told = () => log.entries.filter(({ message }) => message === 'not announced to the gateway');
	await expect.poll(() => told().length, { timeout: 10_000 }).toBe(2);
	await announced.leave();
	expect(told()).toHaveLength(2);
	expect(JSON.stringify(told())).toMatch(/status 302/);
	expect(JSON.stringify(log.entries)).not.toContain(TOKEN);
});
