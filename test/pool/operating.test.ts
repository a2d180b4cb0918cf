import { describe, expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../src/errors.ts';
import type { WorkerPool } from '../../src/pool/worker-pool.ts';
import { answer, type FakeWorkerOptions, textOf } from '../support/fake-worker.ts';
import { generateRequest } from '../support/generate-request.ts';
import { isIdle, type Outcome, runOnce, scripted, startPool, type TestPool } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';
import { until } from '../support/until.ts';

async function setUp(options: Parameters<typeof startPool>[0], workers: number): Promise<TestPool> {
	const test = startPool(options);
	onTestFinished(async () => {
		await test.pool.destroy(internalError('test over'));
		expect(isIdle(test.pool.status())).toBe(true);
	});
	await test.happened('workerReady', workers);
	return test;
}

const statusOf = (pool: WorkerPool, index: number) => {
	const status = pool.status().workers[index];
	if (status === undefined) throw new Error('no such worker');
	return status;
};

const words = (tokens: number) => Array.from({ length: tokens }, (_, index) => `t${index} `).join('');

describe('an operator', () => {
	it('drains a worker: it gets nothing new until it is undrained, and is still there', async () => {
		const { pool } = await setUp({ children: 2 }, 2);
		expect(pool.operate('drain', 'fake/0')).toMatchObject({ state: 'ready', isDrained: true });
		for (let index = 0; index < 6; index += 1) await runOnce(pool, scripted(`r${index}`, { tokens: 2 }));
		expect(statusOf(pool, 0).pace.completionTokens).toBe(0);
		pool.operate('drain', 'fake/1');
		expect((await runOnce(pool, 'none')).error).toMatchObject({ code: 'overloaded', status: 503 });
		pool.operate('undrain', 'fake/0');
		expect((await runOnce(pool, scripted('again', { tokens: 2 }))).error).toBe(null);
		expect(statusOf(pool, 0)).toMatchObject({ restarts: 0, pace: { completionTokens: 2 } });
	});

	it('names a worker that there is', async () => {
		const { pool } = await setUp({ children: 1 }, 1);
		expect(pool.operate('restart', 'fake/7')).toBe(null);
	});

	it('restarts a worker without cutting what it runs, and not as a death', async () => {
		const { pool, happened, observed } = await setUp({ children: 1 }, 1);
		const { pid } = statusOf(pool, 0);
		let isRunning = false;
		const running = runOnce(pool, scripted('long', { tokens: 3000 }), {
			onEvent: () => {
				if (isRunning) return;
				isRunning = true;
				pool.operate('restart', 'fake/0');
				expect(statusOf(pool, 0).state).toBe('draining');
			},
		});
		expect(textOf((await running).events)).toBe(words(3000));
		await happened('workerReady', 2);
		expect(statusOf(pool, 0)).toMatchObject({ state: 'ready', restarts: 1 });
		expect(statusOf(pool, 0).pid).not.toBe(pid);
		expect(observed.filter(({ name }) => name === 'workerDied' || name === 'retried')).toEqual([]);
	});

	it('lets requests wait for the only worker while it restarts', async () => {
		const { pool } = await setUp({ children: 1 }, 1);
		pool.operate('restart', 'fake/0');
		const outcome = await runOnce(pool, scripted('early', { tokens: 3 }));
		expect([outcome.error, textOf(outcome.events)]).toEqual([null, 't0 t1 t2 ']);
	});

	it('does not wait for ever: what still runs at the end of the grace goes on elsewhere, at the same token', async () => {
		const { pool, observed } = await setUp({ children: 2, workers: { drainSeconds: 0.05 } }, 2);
		const outcome = await runOnce(pool, scripted('held', { tokens: 9, holdAt: 4 }), {
			onEvent: (event) => {
				if (event.type !== 'delta' || event.text !== 't3 ') return;
				const busy = pool.status().workers.find(({ busySlots }) => busySlots > 0);
				pool.operate('restart', busy?.id ?? '');
			},
		});
		expect([outcome.error, textOf(outcome.events)]).toEqual([null, words(9)]);
		expect(observed.filter(({ name }) => name === 'workerDied')).toEqual([]);
	});

	it('restarts every worker twice under load: every stream is whole', async () => {
		const { pool } = await setUp({ children: 3, workers: { drainSeconds: 0.05 } }, 3);
		let isOver = false;
		const outcomes: Outcome[] = [];
		const clients = Array.from({ length: 12 }, async (_, client) => {
			for (let turn = 0; !isOver; turn += 1)
				outcomes.push(await runOnce(pool, scripted(`${client}-${turn}`, { tokens: 200 })));
		});
		for (const index of [0, 1, 2, 0, 1, 2]) {
			const { id, launches } = statusOf(pool, index);
			pool.operate('restart', id);
			await until(() => statusOf(pool, index).launches > launches && statusOf(pool, index).state === 'ready');
		}
		isOver = true;
		await Promise.all(clients);
		expect(outcomes.length).toBeGreaterThan(50);
		expect(outcomes.filter(({ error, events }) => error !== null || textOf(events) !== words(200))).toEqual([]);
	});
});

describe('a worker that lives and fails what it is given', () => {
	const broken: FakeWorkerOptions['script'] = (turn) => turn.fail(500, 'internal_error');

	it('is put on probation, proves itself with one token, and earns its share again', async () => {
		const good = await startFake({ script: answer(2) });
		const bad = await startFake({ script: broken });
		const { pool } = await setUp({ endpoints: [good.endpoint, bad.endpoint] }, 2);
		const isBad = () => pool.status().workers.find(({ id }) => id === bad.endpoint);
		// Prompts of their own: one conversation would stay with the worker that knows it.
		const ask = (id: string) => runOnce(pool, generateRequest(id, { prompt: [{ text: id, special: false }] }));
		for (let index = 0; isBad()?.state !== 'probation'; index += 1) expect((await ask(`r${index}`)).error).toBe(null);
		bad.script = answer(2);
		const before = bad.received.length;
		await until(() => isBad()?.state === 'ready');
		expect(bad.received.length).toBe(before);
		const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(`s${index}`)));
		expect(outcomes.every(({ error }) => error === null)).toBe(true);
		expect(bad.received.length).toBeGreaterThan(before);
	});

	it('is kept where there is no other', async () => {
		const only = await startFake({ script: broken });
		const { pool } = await setUp({ endpoints: [only.endpoint] }, 1);
		for (let index = 0; index < 12; index += 1) {
			await until(() => isIdle(pool.status()));
			await runOnce(pool, `r${index}`);
		}
		expect(statusOf(pool, 0).state).toBe('ready');
	});
});
