import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { internalError } from '../../../src/errors.ts';
import { buildApp } from '../../../src/gateway/app.ts';
import { startFakeWorker } from '../../support/fake-worker.ts';
import { runOnce, startPool } from '../../support/pool.ts';
import { R1_INFO } from '../support/scripts.ts';
import { TWO_KEYS } from '../support/start-gateway.ts';

const TOKEN = '0123456789abcdef';
const body = { model: 'fake', port: 9, secure: false, url: null, leaves: false };

async function start({ isOpen = true } = {}) {
	const started = startPool({
		models: { fake: { aliases: ['alias'], workers: 0 } },
		announced: isOpen ? { token: TOKEN, tls: null, expiryMs: 60_000 } : null,
	});
	const config = configSchema.parse({ ...TWO_KEYS, announcements: { expirySeconds: 60 } });
	const log = started.log;
	const app = buildApp({
		config,
		pool: started.pool,
		log: log as never,
		version: '0',
		workerToken: isOpen ? TOKEN : null,
	}); // pino's type asks for more than is used
	onTestFinished(async () => {
		await app.close();
		await started.pool.destroy(internalError('test over'));
	});
	const announce = async (payload: object, authorization = `Bearer ${TOKEN}`) =>
		app.inject({ method: 'POST', url: '/workers/announce', headers: { authorization }, payload });
	return { ...started, app, announce };
}

test('a worker that announces itself is asked who it is, and serves', async () => {
	const shown: unknown[] = [];
	const worker = await startFakeWorker({
		transport: 'tcp',
		info: R1_INFO,
		intercept: ({ headers }) => {
			shown.push(headers.authorization);
			return false;
		},
	});
	onTestFinished(() => worker.close());
	const { announce, pool, happened } = await start();
	const port = Number(new URL(worker.endpoint).port);
	const answer = await announce({ ...body, model: 'alias', port });
	expect(answer.json()).toEqual({ worker: worker.endpoint, renew_seconds: 20 });
	await happened('workerReady');
	expect((await runOnce(pool, 'r')).events.at(-1)).toMatchObject({ type: 'generation-end' });
	expect(new Set(shown)).toEqual(new Set([`Bearer ${TOKEN}`]));
	await announce({ ...body, port });
	expect(pool.status().workers).toHaveLength(1);
	await announce({ ...body, port, leaves: true });
	expect(pool.status().workers).toEqual([]);
});

test.each([
	['no token', ''],
	['a wrong one', 'Bearer 0123456789abcdeF'],
	['one that is longer', `Bearer ${TOKEN}0`],
	['an API key', 'Bearer sk-test-0123456789'],
	['another scheme', `Basic ${TOKEN}`],
])('nobody joins with %s', async (_name, authorization) => {
	const { announce, pool } = await start();
	// Refused before the body is looked at.
	const answer = await announce({ nonsense: true }, authorization);
	expect(answer.statusCode).toBe(401);
	expect(answer.json().error).toMatchObject({ code: 'invalid_token' });
	expect(pool.status().workers).toEqual([]);
});

test('what is wrong with an announcement is told', async () => {
	const { announce, pool } = await start();
	const errorOf = async (payload: object) => (await announce(payload)).json().error;
	expect(await errorOf({ ...body, model: 'other' })).toMatchObject({ code: 'model_not_found' });
	expect(await errorOf({ ...body, port: 0 })).toMatchObject({ param: 'port' });
	expect(await errorOf({ ...body, url: 'http://169.254.169.254' })).toMatchObject({ param: 'url' });
	expect((await announce({ ...body, extra: 1 })).statusCode).toBe(400);
	expect(pool.status().workers).toEqual([]);
});

test('where no token is configured there is no such route', async () => {
	const { app } = await start({ isOpen: false });
	const headers = { authorization: 'Bearer sk-test-0123456789' };
	const answer = await app.inject({ method: 'POST', url: '/workers/announce', headers, payload: body });
	expect(answer.statusCode).toBe(404);
});
