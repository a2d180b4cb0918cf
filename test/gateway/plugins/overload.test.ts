import { expect, test } from 'vitest';
import { startFakeWorker } from '../../support/fake-worker.ts';
import { remoteAt } from '../../support/pool.ts';
import { until } from '../../support/until.ts';
import { R1_INFO, thinksForever } from '../support/scripts.ts';
import { bearer, CHAT, KEY, OTHER_KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const CHAT_URL = '/v1/chat/completions';

/** One slot, and as many places to wait as this; all taken by the first key. */
async function fullGateway(maxLength: number, pool: Parameters<typeof startGateway>[0] = {}) {
	const config = { ...TWO_KEYS, queue: { maxLength } };
	const gateway = await startGateway({ script: thinksForever, slots: 1, config, ...pool });
	for (let taken = 1; taken <= maxLength + 1; taken += 1) {
		void gateway.app.inject({ method: 'POST', url: CHAT_URL, payload: CHAT, headers: bearer(KEY) }).catch(() => null);
		await until(() => gateway.app.running.size === taken);
	}
	await until(() => gateway.pool.status().queueLength === maxLength);
	/** With a body that is a 400 as soon as anybody reads it. */
	const post = (url: string, key: string, headers: Record<string, string> = {}) => {
		const all = { ...bearer(key), 'content-type': 'application/json', ...headers };
		return gateway.app.inject({ method: 'POST', url, headers: all, payload: '{' });
	};
	return { ...gateway, post };
}

test('a full queue refuses before a body is read, on every route that takes a slot', async () => {
	const { post, app } = await fullGateway(1);
	const urls = ['chat/completions', 'completions', 'embeddings', 'messages', 'responses'].map((name) => `/v1/${name}`);
	for (const url of [...urls, '/completions', '/api/chat', '/api/generate', '/api/embed', '/api/embeddings']) {
		const { statusCode, headers } = await post(url, KEY);
		expect([url, statusCode]).toEqual([url, 503]);
		expect(Number(headers['retry-after'])).toBeGreaterThan(0);
	}
	const metrics = await app.inject({ url: '/metrics', headers: bearer(KEY) });
	expect(metrics.body).toContain('retort_rejections_total{model="fake",code="overloaded"} 10');
});

test('what needs no slot and what may be a repeat is read', async () => {
	const { post } = await fullGateway(1);
	expect((await post('/v1/tokenize', KEY)).statusCode).toBe(400);
	expect((await post(CHAT_URL, KEY, { 'idempotency-key': 'again' })).statusCode).toBe(400);
});

test('a key is read while another one has more than its share of the queue', async () => {
	const { post } = await fullGateway(2);
	expect((await post(CHAT_URL, KEY)).statusCode).toBe(503);
	expect((await post(CHAT_URL, OTHER_KEY)).statusCode).toBe(400);
});

test('a request is read while another model could serve it', async () => {
	const spare = await startFakeWorker({ script: thinksForever, info: R1_INFO });
	const models = { spare: { aliases: [], workers: 0, remotes: [remoteAt(spare.endpoint)] } };
	const { post } = await fullGateway(1, { pool: { models } });
	expect((await post(CHAT_URL, KEY)).statusCode).toBe(400);
	await spare.close();
});
