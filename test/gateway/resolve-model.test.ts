import { describe, expect, it } from 'vitest';
import type { FakeScript } from '../support/fake-worker.ts';
import { remoteAt } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';
import { R1_INFO, thinkThenSay } from './support/scripts.ts';
import { bearer, CHAT, type Gateway, KEY, OTHER_KEY, sha256, startGateway } from './support/start-gateway.ts';

/** Beside `fake` a model `spare`, which stands in for it; `r1` leads to `fake`. */
async function withSpare(
	options: Pick<NonNullable<Parameters<typeof startGateway>[0]>, 'config'> & { spare?: FakeScript } = {},
): Promise<Gateway> {
	const script = options.spare ?? thinkThenSay('Hm.', 'From the spare.');
	const spare = await startFake({ script, info: R1_INFO });
	return startGateway({
		config: options.config ?? {},
		pool: {
			models: { spare: { aliases: [], workers: 0, remotes: [remoteAt(spare.endpoint)] } },
			routes: { r1: { fake: 1 } },
			fallbacks: { fake: ['spare'] },
		},
	});
}

async function complete(gateway: Gateway, model: string, key = KEY) {
	const payload = { ...CHAT, model };
	const response = await gateway.app.inject({
		method: 'POST',
		url: '/v1/chat/completions',
		headers: bearer(key),
		payload,
	});
	const body = response.json();
	return [response.statusCode, body.model ?? body.error.code, body.choices?.[0].message.content ?? null];
}

describe('a model that cannot serve', () => {
	it.each([
		['/v1/chat/completions', CHAT],
		['/v1/responses', { model: 'fake', input: 'Hi' }],
		['/v1/completions', { model: 'fake', prompt: 'Hi' }],
		['/v1/messages', { model: 'fake', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }],
	])('is stood in for on %s, and the answer names who served', async (url, payload) => {
		const { app, pool, worker } = await withSpare();
		pool.operate('drain', worker.endpoint);
		const response = await app.inject({ method: 'POST', url, payload });
		expect([response.statusCode, response.json().model]).toEqual([200, 'spare']);
	});

	it('is not stood in for while it serves', async () => {
		const gateway = await withSpare();
		expect(await complete(gateway, 'fake')).toEqual([200, 'fake', 'It is 42.']);
		expect(await complete(gateway, 'r1')).toEqual([200, 'fake', 'It is 42.']);
	});

	it('refuses as itself where the substitute would not take the request', async () => {
		const gateway = await withSpare({ spare: (turn) => turn.fail(400, 'context_length_exceeded') });
		gateway.pool.operate('drain', gateway.worker.endpoint);
		expect(await complete(gateway, 'spare')).toEqual([400, 'context_length_exceeded', null]);
		expect(await complete(gateway, 'fake')).toEqual([503, 'overloaded', null]);
	});
});

describe('a key with models of its own', () => {
	const config = {
		keys: [
			{ id: 'one', sha256: sha256(KEY), models: ['r1'] },
			{ id: 'two', sha256: sha256(OTHER_KEY), models: ['fake'] },
		],
	};

	it('may use what its route leads to, by the route alone', async () => {
		const gateway = await withSpare({ config });
		expect((await complete(gateway, 'r1'))[0]).toBe(200);
		expect(await complete(gateway, 'fake')).toEqual([403, 'model_not_allowed', null]);
		const list = await gateway.app.inject({ url: '/v1/models', headers: bearer(KEY) });
		expect(list.json().data.map(({ id }: { id: string }) => id)).toEqual(['r1']);
		expect((await gateway.app.inject({ url: '/v1/models/r1', headers: bearer(KEY) })).json().id).toBe('r1');
	});

	it('is not stood in for by a model that it may not use', async () => {
		const gateway = await withSpare({ config });
		gateway.pool.operate('drain', gateway.worker.endpoint);
		expect(await complete(gateway, 'fake', OTHER_KEY)).toEqual([503, 'overloaded', null]);
		expect(await complete(gateway, 'spare', OTHER_KEY)).toEqual([403, 'model_not_allowed', null]);
	});
});
