import { describe, expect, it, onTestFinished } from 'vitest';
import { type FakeRedis, type FakeRedisMode, startFakeRedis } from '../../support/fake-redis.ts';
import type { FakeScript } from '../../support/fake-worker.ts';
import { until } from '../../support/until.ts';
import { thinksForever, thinkThenSay } from '../support/scripts.ts';
import { bearer, CHAT, type Gateway, KEY, OTHER_KEY, sha256, startGateway } from '../support/start-gateway.ts';

async function fakeRedis(): Promise<FakeRedis> {
	const redis = await startFakeRedis();
	onTestFinished(() => redis.close());
	return redis;
}

/** Holds its answer until it is released. */
function holdOnce(script: FakeScript): { script: FakeScript; release: () => void } {
	let release = () => {};
	const released = new Promise<void>((resolve) => {
		release = resolve;
	});
	return {
		script: async (turn) => {
			await released;
			await script(turn);
		},
		release,
	};
}

type Limits = { requestsPerMinute?: number; tokensPerMinute?: number; concurrentRequests?: number };

/** Two gateways that know of each other. */
async function twoGateways(
	redis: FakeRedis,
	limits: Limits,
	options: Parameters<typeof startGateway>[0] & { timeoutMs?: number } = {},
) {
	const keys = [{ id: 'one', sha256: sha256(KEY), limits, admin: true }];
	// Where all have to be counted there, a busy machine gets the time that it needs.
	const { timeoutMs = 1000, ...rest } = options;
	const config = { keys, redis: { url: redis.url, timeoutMs } };
	const gateways = [await startGateway({ ...rest, config }), await startGateway({ ...rest, config })] as const;
	await meet(gateways);
	return gateways;
}

/** Until both know that they are two. */
async function meet(gateways: readonly Gateway[]): Promise<void> {
	await expect
		.poll(
			async () => {
				for (const { shared } of gateways) await shared?.beat();
				return gateways.map(({ shared }) => shared?.gateways);
			},
			{ timeout: 10_000 },
		)
		.toEqual([2, 2]);
}

const models = async ({ app }: Gateway) => (await app.inject({ url: '/v1/models', headers: bearer(KEY) })).statusCode;

/** Statuses of so many requests at once, spread over the gateways. */
async function race(gateways: readonly Gateway[], count: number, ask: (gateway: Gateway) => Promise<number>) {
	const all = Array.from({ length: count }, (_, index) => gateways[index % gateways.length]);
	const statuses = await Promise.all(all.map((gateway) => (gateway === undefined ? 0 : ask(gateway))));
	return (status: number) => statuses.filter((one) => one === status).length;
}

describe('two gateways with one Redis', () => {
	it('let exactly the limit pass of 500 racing requests', async () => {
		const count = await race(await twoGateways(await fakeRedis(), { requestsPerMinute: 100 }), 500, models);
		expect([count(200), count(429)]).toEqual([100, 400]);
	});

	it('hold the limit of concurrent requests together, and give places back', async () => {
		const gateways = await twoGateways(
			await fakeRedis(),
			{ concurrentRequests: 3 },
			{ script: thinksForever, slots: 8 },
		);
		const controller = new AbortController();
		const urls = await Promise.all(gateways.map((gateway) => gateway.listen()));
		const begin = (url: string) =>
			fetch(`${url}/v1/chat/completions`, {
				method: 'POST',
				headers: { ...bearer(KEY), 'content-type': 'application/json' },
				body: JSON.stringify({ ...CHAT, stream: true }),
				signal: controller.signal,
			}).then(({ status }) => status);
		const statuses = await Promise.all([0, 1, 0, 1, 0, 1, 0, 1].map((index) => begin(urls[index] ?? '')));
		expect(statuses.filter((status) => status === 200)).toHaveLength(3);
		controller.abort();
		await until(() => gateways.every(({ pool }) => pool.status().workers.every(({ busySlots }) => busySlots === 0)));
		for (const { worker } of gateways) worker.script = async (turn) => turn.fail(400, 'enough');
		await expect
			.poll(async () => {
				const [gateway] = gateways;
				const payload = { ...CHAT };
				return (
					await gateway.app.inject({ method: 'POST', url: '/v1/chat/completions', headers: bearer(KEY), payload })
				).statusCode;
			})
			.toBe(400);
	});

	it('count tokens together, settled with what was used', async () => {
		const [one, other] = await twoGateways(await fakeRedis(), { tokensPerMinute: 1000 });
		const ask = ({ app }: Gateway, max_tokens: number) =>
			app.inject({
				method: 'POST',
				url: '/v1/chat/completions',
				headers: bearer(KEY),
				payload: { ...CHAT, max_tokens },
			});
		expect((await ask(one, 900)).statusCode).toBe(200);
		// 16 tokens were used; the rest has come back.
		await expect.poll(async () => (await ask(other, 700)).headers['x-ratelimit-remaining-tokens']).toMatch(/^2\d\d$/);
		expect((await ask(one, 5000)).statusCode).toBe(429);
	});

	it('find the responses that the other one keeps, by the key that made them alone', async () => {
		const redis = await fakeRedis();
		const keys = [
			{ id: 'one', sha256: sha256(KEY) },
			{ id: 'two', sha256: sha256(OTHER_KEY) },
		];
		const config = { keys, redis: { url: redis.url, timeoutMs: 1000 } };
		const [here, there] = [await startGateway({ config }), await startGateway({ config })];
		await meet([here, there]);
		const create = ({ app }: Gateway, more: object) =>
			app.inject({
				method: 'POST',
				url: '/v1/responses',
				headers: bearer(KEY),
				payload: { model: 'fake', input: 'What is 17+25?', ...more },
			});
		const first = (await create(here, {})).json();
		const url = `/v1/responses/${first.id}`;
		expect((await there.app.inject({ url, headers: bearer(KEY) })).json()).toEqual(first);
		expect((await there.app.inject({ url, headers: bearer(OTHER_KEY) })).statusCode).toBe(404);
		const second = await create(there, { previous_response_id: first.id, input: 'And twice that?' });
		expect(second.statusCode).toBe(200);
		const reference = { type: 'item_reference', id: first.output.at(-1).id };
		expect((await create(there, { input: [reference, { role: 'user', content: 'Why?' }] })).statusCode).toBe(200);
		expect((await there.app.inject({ method: 'DELETE', url, headers: bearer(KEY) })).statusCode).toBe(200);
		expect((await there.app.inject({ url, headers: bearer(KEY) })).statusCode).toBe(404);
		redis.mode = 'refusing';
		const id = second.json().id;
		expect((await there.app.inject({ url: `/v1/responses/${id}`, headers: bearer(KEY) })).statusCode).toBe(200);
		expect((await here.app.inject({ url: `/v1/responses/${id}`, headers: bearer(KEY) })).statusCode).toBe(404);
	});

	it('answer an Idempotency-Key once, whichever of them is asked', async () => {
		const config = { redis: { url: (await fakeRedis()).url, timeoutMs: 1000 } };
		const { script, release } = holdOnce(thinkThenSay('Hm.', 'Once.'));
		const [here, there] = [await startGateway({ config, script }), await startGateway({ config })];
		await meet([here, there]);
		const ask = ({ app }: Gateway, more: object = {}) =>
			app.inject({
				method: 'POST',
				url: '/v1/chat/completions',
				headers: { 'idempotency-key': 'k1' },
				payload: { ...CHAT, stream: true, ...more },
			});
		const first = ask(here);
		await until(() => here.worker.received.length === 1);
		const meanwhile = await ask(there);
		expect([meanwhile.statusCode, meanwhile.json().error.code]).toEqual([409, 'idempotency_in_progress']);
		release();
		const { payload } = await first;
		expect(payload).toContain('Once.');
		await expect.poll(async () => (await ask(there)).payload).toBe(payload);
		expect(there.worker.received).toEqual([]);
		const other = await ask(there, { max_tokens: 3 });
		expect([other.statusCode, other.json().error.code]).toEqual([400, 'idempotency_key_reused']);
	});

	it('both refuse a key that was revoked at one, until it is restored at whichever', async () => {
		const redis = await fakeRedis();
		const keys = [
			{ id: 'one', sha256: sha256(KEY) },
			{ id: 'ops', sha256: sha256('sk-ops-0123456789'), admin: true },
		];
		const config = { keys, redis: { url: redis.url, timeoutMs: 1000 } };
		const [here, there] = [await startGateway({ config }), await startGateway({ config })];
		await meet([here, there]);
		const admin = (verb: string, key: string, { app } = here) =>
			app.inject({
				method: 'POST',
				url: `/admin/${verb}-key`,
				headers: bearer('sk-ops-0123456789'),
				payload: { key },
			});
		expect((await admin('revoke', 'one')).json()).toEqual({ key: 'one', revoked: true, shared: true });
		await there.shared?.beat();
		expect([await models(here), await models(there)]).toEqual([401, 401]);
		expect((await admin('restore', 'one', there)).json()).toEqual({ key: 'one', revoked: false, shared: true });
		await here.shared?.beat();
		expect([await models(here), await models(there)]).toEqual([200, 200]);
		expect((await admin('revoke', 'nobody')).json().error).toMatchObject({ code: 'key_not_found', param: 'key' });
	});
});

describe('a Redis that is not there', () => {
	it.each<FakeRedisMode>(['hung', 'slow', 'refusing', 'loading', 'garbage'])(
		'%s: each gateway holds its share, nothing fails, nothing is said of it, and it heals',
		async (mode) => {
			const redis = await fakeRedis();
			const gateways = await twoGateways(redis, { requestsPerMinute: 40 }, { timeoutMs: 75 });
			redis.mode = mode;
			const count = await race(gateways, 100, models);
			expect([count(200), count(429)]).toEqual([40, 60]);

			const [gateway] = gateways;
			const refused = await gateway.app.inject({ url: '/v1/models', headers: bearer(KEY) });
			expect(refused.statusCode).toBe(429);
			expect(`${refused.body}${JSON.stringify(refused.headers)}`).not.toMatch(/redis|127\.0\.0\.1|ECONN/i);
			expect(gateways.map(({ logged }) => logged()).join('')).not.toContain(new URL(redis.url).host);

			redis.mode = 'up';
			const answers = () =>
				Promise.all(gateways.map(async ({ shared }) => (await shared?.ask((client) => client.get('x'))) !== null));
			await expect.poll(answers, { timeout: 20_000 }).toEqual([true, true]);
		},
	);
});
