import { expect, test } from 'vitest';
import type { FakeScript } from '../../support/fake-worker.ts';
import { until } from '../../support/until.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { eventsOf } from '../support/scripts.ts';
import { bearer, CHAT, type Gateway, KEY, OTHER_KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const ROUTES: [url: string, body: object][] = [
	['/v1/chat/completions', CHAT],
	['/v1/responses', { model: 'fake', input: 'What is 17+25?' }],
];

function send({ app }: Gateway, url: string, payload: object, key: string, headers: Record<string, string> = {}) {
	return app.inject({ method: 'POST', url, payload, headers: { 'idempotency-key': key, ...headers } });
}

test.each(ROUTES)('%s: the same key and body is one generation, whole and streamed', async (url, body) => {
	const gateway = await startGateway();
	for (const stream of [false, true]) {
		const key = `key-${stream}`;
		const [first, joined] = await Promise.all([
			send(gateway, url, { ...body, stream }, key),
			send(gateway, url, { ...body, stream }, key),
		]);
		const replayed = await send(gateway, url, { ...body, stream }, key);
		expect([first.statusCode, joined.statusCode, replayed.statusCode]).toEqual([200, 200, 200]);
		expect(joined.payload).toBe(first.payload);
		expect(replayed.payload).toBe(first.payload);
		expect(replayed.headers['content-type']).toBe(first.headers['content-type']);
		expect(first.headers).not.toHaveProperty('idempotent-replayed');
		expect(replayed.headers['idempotent-replayed']).toBe('true');
	}
	expect(gateway.worker.received).toHaveLength(2);
	const metrics = (await gateway.app.inject('/metrics')).payload;
	expect(metrics).toContain(`retort_idempotent_requests_total{route="${url}",outcome="first"} 2`);
	expect(metrics).toContain(`retort_idempotent_requests_total{route="${url}",outcome="repeated"} 4`);
});

test('without a key every request is a generation of its own', async () => {
	const gateway = await startGateway();
	for (const _ of [1, 2]) await send(gateway, '/v1/chat/completions', CHAT, '');
	expect(gateway.worker.received).toHaveLength(2);
});

test('the same key for another body is refused', async () => {
	const gateway = await startGateway();
	await send(gateway, '/v1/chat/completions', CHAT, 'k');
	const response = await send(gateway, '/v1/chat/completions', { ...CHAT, seed: 1 }, 'k');
	expect(response.statusCode).toBe(400);
	expect(errorSchema.parse(response.json()).error.code).toBe('idempotency_key_reused');
	const tooLong = await send(gateway, '/v1/chat/completions', CHAT, 'k'.repeat(256));
	expect(tooLong.statusCode).toBe(400);
});

test('two API keys may choose the same', async () => {
	const gateway = await startGateway({ config: TWO_KEYS });
	for (const key of [KEY, OTHER_KEY]) await send(gateway, '/v1/chat/completions', CHAT, 'k', bearer(key));
	expect(gateway.worker.received).toHaveLength(2);
});

test('a refused request may be sent again under its key', async () => {
	let isDown = true;
	const script: FakeScript = async (turn) => {
		if (isDown) return turn.fail(400, 'context_length_exceeded');
		await turn.send(...eventsOf('Hm.', 'Yes.'));
		turn.end();
	};
	const gateway = await startGateway({ script });
	expect((await send(gateway, '/v1/chat/completions', CHAT, 'k')).statusCode).toBe(400);
	isDown = false;
	expect((await send(gateway, '/v1/chat/completions', CHAT, 'k')).statusCode).toBe(200);
});

test('an SDK that gave up waiting finds its generation when it asks again', async () => {
	let speak = () => {};
	const silence = new Promise<void>((resolve) => {
		speak = resolve;
	});
	const script: FakeScript = async (turn) => {
		const events = eventsOf('Hm.', 'It is 42.');
		await turn.send(...events.slice(0, 3));
		await silence;
		await turn.send(...events.slice(3));
		turn.end();
	};
	const gateway = await startGateway({ script });
	const client = await gateway.client();
	const headers = { 'idempotency-key': 'k' };
	const givesUp = new AbortController();
	const first = client.chat.completions.create(CHAT, { headers, signal: givesUp.signal });
	await until(() => gateway.worker.received.length === 1);
	givesUp.abort();
	await expect(first).rejects.toThrow();
	const second = client.chat.completions.create(CHAT, { headers });
	speak();
	expect((await second).choices[0]?.message.content).toBe('It is 42.');
	expect(gateway.worker.received).toHaveLength(1);
	await until(() => gateway.app.running.size === 0);
});
