import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { textOf, tokenEvents } from '../support/fake-worker.ts';
import { asOne, isIdle, runOnce, scripted, startPool } from '../support/pool.ts';

function setUp(options: Parameters<typeof startPool>[0]) {
	const test = startPool(options);
	onTestFinished(async () => {
		const pids = test.pool.status().workers.map((worker) => worker.pid);
		await test.pool.destroy(internalError('test over'));
		expect(isIdle(test.pool.status())).toBe(true);
		for (const pid of pids) expect(pid === null || isGone(pid)).toBe(true);
	});
	return test;
}

function isGone(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return false;
	} catch {
		return true;
	}
}

function pidOf(pool: ReturnType<typeof startPool>['pool'], index: number): number {
	const pid = pool.status().workers[index]?.pid;
	if (pid === undefined || pid === null) throw new Error('no such worker');
	return pid;
}

const overloaded = expect.objectContaining({ code: 'overloaded', status: 503 });
const crashed = expect.objectContaining({ code: 'worker_crashed', status: 500 });

describe('WorkerPool with child processes', () => {
	it('starts workers in a private folder, serves, and leaves nothing behind', async () => {
		// Of its own: others on this machine make such folders too.
		const folder = mkdtempSync(join(tmpdir(), 'pool-'));
		vi.stubEnv('TMPDIR', folder);
		onTestFinished(() => {
			vi.unstubAllEnvs();
			rmSync(folder, { recursive: true });
		});
		const { pool, happened } = setUp({ children: 1 });
		await happened('workerReady');
		const [made = ''] = readdirSync(folder);
		expect(statSync(join(folder, made)).mode & 0o777).toBe(0o700);
		expect(textOf((await runOnce(pool, scripted('r', { tokens: 5 }))).events)).toBe('t0 t1 t2 t3 t4 ');
		const pid = pidOf(pool, 0);
		await pool.drain(1000);
		expect(isGone(pid)).toBe(true);
		expect(readdirSync(folder)).toEqual([]);
	});

	it('says again what a worker says', async () => {
		const { happened, log } = setUp({ children: 1, modes: ['chatty'] });
		await happened('workerReady');
		expect(log.entries).toContainEqual(expect.objectContaining({ level: 'info', message: 'says' }));
		expect(log.entries).toContainEqual(
			expect.objectContaining({ message: 'worker output', fields: { workerId: 'fake/0', line: 'raw words' } }),
		);
	});

	it('row 1: SIGKILL of one of two workers, 50 requests without a token: all succeed, unseen', async () => {
		const { pool, happened, observed } = setUp({ children: 2 });
		await happened('workerReady', 2);
		const outcomes = Promise.all(
			Array.from({ length: 50 }, (_, index) => runOnce(pool, scripted(`r${index}`, { tokens: 3 }))),
		);
		process.kill(pidOf(pool, 0), 'SIGKILL');
		const all = await outcomes;
		expect(all.filter(({ error }) => error !== null)).toEqual([]);
		expect(new Set(all.map(({ events }) => textOf(events)))).toEqual(new Set(['t0 t1 t2 ']));
		for (const { events } of all) expect(events).toEqual(tokenEvents(3));
		expect(observed.filter((event) => event.name === 'retried')).toHaveLength(25);
		await happened('workerReady', 3);
		expect(observed.filter((event) => event.name === 'workerDied')).toHaveLength(1);
	});

	it('row 2: SIGKILL in mid-stream: every stream goes on elsewhere, no token lost, repeated or out of order', async () => {
		const { pool, happened, observed } = setUp({ children: 2 });
		await happened('workerReady', 2);
		const outcomes = await Promise.all(
			Array.from({ length: 20 }, (_, index) =>
				runOnce(pool, scripted(`r${index}`, { tokens: 100, ...(index === 0 ? { dieAt: 20 } : {}) })),
			),
		);
		for (const outcome of outcomes) expect(asOne(outcome)).toEqual({ events: tokenEvents(100), error: null });
		expect(observed.filter((event) => event.name === 'workerDied')).toHaveLength(1);
		await happened('workerReady', 3);
	});

	it('row 2: with one worker, its streams wait for it to come back and go on', async () => {
		const { pool, happened } = setUp({ children: 1 });
		await happened('workerReady');
		const outcome = await runOnce(pool, scripted('r', { tokens: 30, dieAt: 20 }));
		expect(asOne(outcome)).toEqual({ events: tokenEvents(30), error: null });
	});

	it('row 3: all workers killed: a new request is told at once, and the pool recovers by itself', async () => {
		const { pool, happened } = setUp({ children: 2 });
		await happened('workerReady', 2);
		for (const index of [0, 1]) process.kill(pidOf(pool, index), 'SIGKILL');
		await happened('workerDied', 2);
		const { error } = await runOnce(pool, scripted('r', {}));
		expect(error).toEqual(overloaded);
		expect(error).toEqual(expect.objectContaining({ retryAfterSeconds: 2 }));
		expect(pool.findModel('fake')?.state).toBe('unavailable');
		await happened('workerReady', 4);
		expect((await runOnce(pool, scripted('r', { tokens: 2 }))).error).toBe(null);
	});

	it('a request that lost the only worker before its first token waits for it to come back', async () => {
		const { pool, happened } = setUp({ children: 1 });
		await happened('workerReady');
		const running = runOnce(pool, scripted('r', { tokens: 3 }));
		process.kill(pidOf(pool, 0), 'SIGKILL');
		expect(await running).toEqual({ events: tokenEvents(3), error: null });
	});

	it('row 4: a worker that dies at its start is started again and again, ever more slowly; the pool answers', async () => {
		const { pool, happened, observed, log } = setUp({ children: 1, modes: ['exit'] });
		await happened('workerDied', 3);
		expect((await runOnce(pool, 'r')).error).toEqual(overloaded);
		expect(observed.some((event) => event.name === 'workerReady')).toBe(false);
		expect(log.entries.some((entry) => entry.fields.reason === 'exit code 1')).toBe(true);
	});

	it('comes back when the reason to die has passed', async () => {
		const { pool, happened } = setUp({ children: 1, modes: ['exit', 'exit', 'ok'] });
		await happened('workerReady');
		expect((await runOnce(pool, scripted('r', { tokens: 2 }))).error).toBe(null);
		expect(pool.status().workers[0]?.restarts).toBe(2);
	});

	it('row 5: a request that kills what runs it takes two workers with it and no third', async () => {
		const { pool, happened, observed } = setUp({ children: 3 });
		await happened('workerReady', 3);
		expect((await runOnce(pool, scripted('poison', { dieBeforeStart: true }))).error).toEqual(crashed);
		await happened('workerDied', 2);
		await happened('workerReady', 5);
		expect(observed.filter((event) => event.name === 'workerDied')).toHaveLength(2);
	});

	it('row 6: a stopped process is found, killed and replaced, and its request runs elsewhere', async () => {
		const { pool, happened, observed } = setUp({ children: 1, workers: { loadSeconds: 20, stallSeconds: 1 } });
		await happened('workerReady');
		process.kill(pidOf(pool, 0), 'SIGSTOP');
		const { events, error } = await runOnce(pool, scripted('r', { tokens: 3 }));
		expect(error).toBe(null);
		expect(events).toEqual(tokenEvents(3));
		expect(observed.filter((event) => event.name === 'workerDied')).toEqual([
			expect.objectContaining({ reason: 'signal SIGKILL' }),
		]);
	});

	it('row 7: a worker that answers pings while its decode hangs is found, killed and replaced', async () => {
		const { pool, happened, observed, log } = setUp({ children: 1, workers: { loadSeconds: 20, stallSeconds: 1 } });
		await happened('workerReady');
		expect((await runOnce(pool, scripted('r', { hang: true }))).error).toEqual(crashed);
		await happened('workerReady', 3);
		expect(observed.filter((event) => event.name === 'workerDied')).toHaveLength(2);
		expect(log.entries.some((entry) => entry.fields.reason === 'makes no progress')).toBe(true);
	});

	it('row 8: a worker that ignores SIGTERM is gone after a drain all the same', async () => {
		const { pool, happened } = setUp({ children: 1, modes: ['ignore-sigterm'] });
		await happened('workerReady');
		const pid = pidOf(pool, 0);
		await pool.drain(0);
		expect(isGone(pid)).toBe(true);
	});

	it('kills a worker that does not load in time, and starts another', async () => {
		const { pool, happened, log } = setUp({
			children: 1,
			modes: ['never-loads', 'ok'],
			workers: { loadSeconds: 1, stallSeconds: 10 },
		});
		const late = pidOf(pool, 0);
		await happened('workerReady');
		expect(isGone(late)).toBe(true);
		// On a busy machine one that would load may be late as well.
		const kills = log.entries.filter(({ message }) => message === 'killing worker').map(({ fields }) => fields);
		expect(kills[0]).toMatchObject({ pid: late });
		expect(new Set(kills.map(({ reason }) => reason))).toEqual(new Set(['not loaded in time']));
	});

	it('does not take a worker of another version', async () => {
		const { happened, log } = setUp({ children: 1, modes: ['old-protocol', 'ok'] });
		await happened('workerRefused');
		expect(log.entries.some((entry) => String(entry.fields.reason).includes('protocol 0'))).toBe(true);
	});

	it('ends at once when it is destroyed while workers load', async () => {
		const { pool } = setUp({ children: 2, modes: ['never-loads'] });
		const pids = [0, 1].map((index) => pidOf(pool, index));
		await pool.destroy(internalError('second signal'));
		expect(pids.every(isGone)).toBe(true);
		expect(pool.status().workers.every((worker) => worker.state === 'stopped')).toBe(true);
	});

	it('row 14: a worker that runs out of memory dies alone, and what it ran goes on at the next token', async () => {
		const { pool, happened, observed } = setUp({ children: 2 });
		await happened('workerReady', 2);
		const outcomes = await Promise.all([
			runOnce(pool, scripted('large', { tokens: 30, exhaustAt: 10 })),
			...Array.from({ length: 5 }, (_, index) => runOnce(pool, scripted(`r${index}`, { tokens: 30 }))),
		]);
		for (const outcome of outcomes) expect(asOne(outcome)).toEqual({ events: tokenEvents(30), error: null });
		await happened('workerReady', 3);
		expect(observed.filter((event) => event.name === 'workerDied')).toHaveLength(1);
	});

	it('lets the kernel take a worker before the gateway when memory runs out', async () => {
		if (process.platform !== 'linux') return;
		const { pool, happened } = setUp({ children: 1 });
		await happened('workerReady');
		expect(readFileSync(`/proc/${pidOf(pool, 0)}/oom_score_adj`, 'utf8').trim()).toBe('500');
	});
});
