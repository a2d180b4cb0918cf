import { describe, expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../src/errors.ts';
import type { PoolModelOptions } from '../../src/pool/pool-options.ts';
import { textOf } from '../support/fake-worker.ts';
import { isIdle, runOnce, scripted, startPool, type TestPool } from '../support/pool.ts';

const MIB = 2 ** 20;
const onDemand = (mib: number, more: Partial<PoolModelOptions> = {}): PoolModelOptions => ({
	aliases: [],
	workers: 1,
	load: 'demand',
	memoryBytes: mib * MIB,
	...more,
});

function setUp(options: Parameters<typeof startPool>[0]): TestPool {
	const test = startPool(options);
	onTestFinished(async () => {
		await test.pool.destroy(internalError('test over'));
		expect(isIdle(test.pool.status())).toBe(true);
	});
	return test;
}

const stateOf = ({ pool }: TestPool, model: string) => pool.findModel(model)?.state;
const ask = (test: TestPool, model: string, tokens = 3) =>
	runOnce(test.pool, scripted(`${model}-${tokens}`, { tokens }), { model });

describe('models on demand', () => {
	it('load with their first request, once however many ask, and take no process before', async () => {
		const test = setUp({ models: { a: onDemand(0), b: onDemand(0) } });
		expect([stateOf(test, 'a'), test.pool.status().workers.map(({ pid }) => pid)]).toEqual(['resting', [null, null]]);
		const outcomes = await Promise.all([1, 2, 3, 4].map((tokens) => ask(test, 'a', tokens)));
		expect(outcomes.map(({ error }) => error)).toEqual([null, null, null, null]);
		expect(test.observed.filter(({ name }) => name === 'workerReady')).toHaveLength(1);
		expect([stateOf(test, 'a'), stateOf(test, 'b')]).toEqual(['ready', 'resting']);
	});

	it('make room for one another, the least recently used first', async () => {
		const test = setUp({
			models: { a: onDemand(40), b: onDemand(40), c: onDemand(40) },
			memoryBudgetBytes: 100 * MIB,
		});
		for (const model of ['a', 'b', 'a', 'c']) expect((await ask(test, model)).error).toBe(null);
		expect(['a', 'b', 'c'].map((model) => stateOf(test, model))).toEqual(['ready', 'resting', 'ready']);
		expect(textOf((await ask(test, 'b')).events)).toBe('t0 t1 t2 ');
		expect(['a', 'b', 'c'].map((model) => stateOf(test, model))).toEqual(['resting', 'ready', 'ready']);
	});

	it('are refused with the numbers while what is in use leaves no room', async () => {
		const test = setUp({ models: { a: onDemand(60), b: onDemand(50) }, memoryBudgetBytes: 100 * MIB });
		const controller = new AbortController();
		let refusal: unknown = null;
		await runOnce(test.pool, scripted('held', { tokens: 5, holdAt: 2 }), {
			model: 'a',
			signal: controller.signal,
			onEvent: (event) => {
				if (event.type !== 'delta' || event.text !== 't1 ') return;
				void ask(test, 'b').then(({ error }) => {
					refusal = error;
					controller.abort(internalError('enough'));
				});
			},
		});
		expect(refusal).toMatchObject({
			code: 'overloaded',
			status: 503,
			message: expect.stringMatching(/needs 50 MiB of the 100 MiB .* 60 MiB are in use/),
		});
		expect((await ask(test, 'b')).error).toBe(null);
	});

	it('are unloaded when nobody has asked for a while, and loaded again', async () => {
		const test = setUp({ models: { a: onDemand(0, { ttlSeconds: 0.01, load: 'start' }) } });
		await test.happened('workerReady');
		await expect.poll(() => stateOf(test, 'a'), { timeout: 10_000 }).toBe('resting');
		expect((await ask(test, 'a')).error).toBe(null);
		expect(test.observed.filter(({ name }) => name === 'workerDied')).toEqual([]);
	});

	it('whose worker cannot start turn their requests away, rest while nobody asks, and are tried again when somebody does', async () => {
		const queue = { maxLength: 9, deadlineSeconds: 0.3 };
		const test = setUp({ models: { a: onDemand(0) }, modes: ['exit'], queue });
		for (let asked = 1; asked <= 2; asked += 1) {
			expect((await ask(test, 'a')).error).toMatchObject({ code: 'model_loading', status: 503 });
			await expect.poll(() => stateOf(test, 'a'), { timeout: 10_000 }).toBe('resting');
			expect(test.pool.status().workers).toMatchObject([{ state: 'idle', trouble: 'exit code 1' }]);
		}
	});

	it('come back by themselves after a death while somebody waits', async () => {
		const test = setUp({ models: { a: onDemand(0) }, modes: ['exit', 'ok'] });
		expect((await ask(test, 'a')).error).toBe(null);
		expect(test.observed.filter(({ name }) => name === 'workerDied')).toHaveLength(1);
	});
});
