import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { neverBegins, thinksForever } from '../support/scripts.ts';
import { CHAT, type Gateway, startGateway } from '../support/start-gateway.ts';

const STREAM = { ...CHAT, stream: true };
const PROGRESS = { ...STREAM, stream_options: { include_progress: true } };

async function post(gateway: Gateway, body: object, signal: AbortSignal) {
	const url = gateway.app.server.listening ? baseOf(gateway) : await gateway.listen();
	return fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
		signal,
	});
}

function baseOf(gateway: Gateway): string {
	const address = gateway.app.server.address();
	return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}

/** The first frames that hold progress. */
async function progressOf(response: Response): Promise<unknown> {
	let text = '';
	for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
		text += piece;
		const frame = text.split('\n\n').find((part) => part.includes('"progress":'));
		if (frame !== undefined) return JSON.parse(frame.slice('data: '.length));
	}
	return null;
}

test('a stream that asks for it sees itself wait, with its headers and a chunk a second', async () => {
	const gateway = await startGateway({ script: thinksForever, slots: 1 });
	const abort = new AbortController();
	const first = await post(gateway, PROGRESS, abort.signal);
	const second = await post(gateway, PROGRESS, abort.signal);
	expect([first.status, second.status]).toEqual([200, 200]);
	expect(gateway.pool.status().queueLength).toBe(1);
	expect(await progressOf(second)).toMatchObject({
		id: expect.stringMatching(/^chatcmpl-/),
		object: 'chat.completion.chunk',
		choices: [],
		progress: { phase: 'queued', queue: { position: 1 }, reasoning_tokens: 0, answer_tokens: 0 },
	});
	abort.abort();
	await until(() => gateway.app.running.size === 0);
});

test('a wait that ends in a refusal ends the stream with its frame, and never with [DONE]', async () => {
	const gateway = await startGateway({ script: neverBegins, slots: 1, config: { queue: { deadlineSeconds: 0.05 } } });
	const abort = new AbortController();
	const blocking = post(gateway, STREAM, abort.signal).catch(() => null);
	await until(() => gateway.pool.status().workers[0]?.busySlots === 1);
	const response = await post(gateway, PROGRESS, new AbortController().signal);
	const text = await response.text();
	expect(response.status).toBe(200);
	expect(text).toContain('"code":"overloaded"');
	expect(text).not.toContain('[DONE]');
	abort.abort();
	await blocking;
});

test('a refusal at once stays a status', async () => {
	const gateway = await startGateway({ script: neverBegins, slots: 1, config: { queue: { maxLength: 0 } } });
	const abort = new AbortController();
	const blocking = post(gateway, STREAM, abort.signal).catch(() => null);
	await until(() => gateway.pool.status().workers[0]?.busySlots === 1);
	expect((await post(gateway, PROGRESS, new AbortController().signal)).status).toBe(503);
	abort.abort();
	await blocking;
});

test('progress of an answer that is not streamed is a 400', async () => {
	const { app } = await startGateway();
	const payload = { ...CHAT, stream_options: { include_progress: true } };
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload });
	expect(response.statusCode).toBe(400);
	expect(response.json().error.param).toBe('stream_options');
});
