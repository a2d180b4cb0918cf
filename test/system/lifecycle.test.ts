import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, type RetortServer, startRetort } from '../support/retort-server.ts';
import { endlessQuestion, type StreamOutcome, streamChat, sumQuestion } from '../support/stream-chat.ts';

let server: RetortServer | null = null;

afterEach(async () => {
	await server?.stop();
	server = null;
});

async function start(...args: string[]): Promise<RetortServer> {
	server = await startRetort(args);
	return server;
}

/** A stream that has begun; `done` is how it will have gone. */
async function beginStream(url: string, body: object): Promise<{ done: Promise<StreamOutcome> }> {
	let tellBegun = () => {};
	const begun = new Promise<void>((resolve) => {
		tellBegun = resolve;
	});
	const done = streamChat(url, body, { onText: () => tellBegun() });
	await Promise.race([begun, done]);
	return { done };
}

describe('SIGTERM', () => {
	it('lets streams finish, takes no new work, and leaves nothing behind', async () => {
		const { url, process, exited, workerPids } = await start('--workers', '2');
		const streams = await Promise.all([1, 2, 3].map(() => beginStream(url, endlessQuestion(600))));
		process.kill('SIGTERM');
		const takesWork = () =>
			fetch(`${url}/readyz`).then(
				({ ok }) => ok,
				() => false,
			);
		await expect.poll(takesWork, { timeout: 10_000 }).toBe(false);
		const late = await streamChat(url, sumQuestion(1, 2));
		for (const { done } of streams)
			expect(await done).toMatchObject({ finishReason: 'length', sawDone: true, error: null });
		expect(late.status === 503 || late.brokeOff).toBe(true);
		expect(await exited).toEqual({ code: 0, signal: null });
		expect([...workerPids().values()].filter(isAlive)).toEqual([]);
	});

	it('under 200 streams on 200 slots: each ends whole, and the exit is clean', async () => {
		const { url, process, exited, workerPids } = await start('--workers', '2', '--slots', '100', '--context', '256');
		let running = 200;
		const streams = await Promise.all(
			Array.from({ length: 200 }, async () => {
				const stream = await beginStream(url, endlessQuestion(60));
				return { done: stream.done.finally(() => running--) };
			}),
		);
		process.kill('SIGTERM');
		expect(running).toBeGreaterThan(0);
		for (const { done } of streams) {
			const { status, finishReason, sawDone, error } = await done;
			expect({ status, finishReason, sawDone, error }).toEqual({
				status: 200,
				finishReason: 'length',
				sawDone: true,
				error: null,
			});
		}
		expect(await exited).toEqual({ code: 0, signal: null });
		expect([...workerPids().values()].filter(isAlive)).toEqual([]);
	});

	it('ends what outlasts the grace with an error frame, never as if all were well', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'retort-grace-'));
		const config = join(folder, 'short.yaml');
		writeFileSync(config, 'server:\n  drainSeconds: 0.2\n');
		try {
			const { url, process, exited } = await start('--config', config, '--context', '4096');
			const stream = await beginStream(url, endlessQuestion(4000));
			process.kill('SIGTERM');
			expect(await stream.done).toMatchObject({ error: { code: 'shutting_down' }, sawDone: false, finishReason: null });
			expect(await exited).toEqual({ code: 0, signal: null });
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});
});

describe('Ctrl-C', () => {
	it('ends an idle server with 0, clients with open connections or not', async () => {
		const { url, process, exited, workerPids } = await start();
		await fetch(`${url}/livez`); // fetch keeps the connection
		process.kill('SIGINT');
		process.kill('SIGINT'); // npm passes on what the terminal sent already: one press
		expect(await exited).toEqual({ code: 0, signal: null });
		expect([...workerPids().values()].filter(isAlive)).toEqual([]);
	});

	it('pressed again ends it at once', async () => {
		const { url, process, exited, workerPids } = await start();
		const stream = await beginStream(url, endlessQuestion(4000));
		const press = () => {
			process.kill('SIGINT');
			return process.exitCode;
		};
		await expect.poll(press, { interval: 100, timeout: 10_000 }).toBe(1);
		expect(await exited).toEqual({ code: 1, signal: null });
		expect((await stream.done).sawDone).toBe(false);
		await expect.poll(() => [...workerPids().values()].filter(isAlive), { timeout: 10_000 }).toEqual([]);
	});
});

describe('a gateway that is killed', () => {
	it('takes its workers with it', async () => {
		const { url, process, workerPids } = await start('--workers', '2');
		const stream = await beginStream(url, endlessQuestion(4000));
		process.kill('SIGKILL');
		expect(await stream.done).toMatchObject({ brokeOff: true, sawDone: false });
		await expect.poll(() => [...workerPids().values()].filter(isAlive), { timeout: 10_000 }).toEqual([]);
	});
});

describe('a worker that is killed under load', { timeout: 90_000 }, () => {
	it('costs no request: each goes on elsewhere to the text that it has undisturbed; the worker comes back', async () => {
		const { url, workerPids, logs } = await start('--workers', '2', '--slots', '4');
		const [victimId = '', victim = 0] = [...workerPids()][0] ?? [];
		const questions = Array.from({ length: 25 }, (_, index) => ({
			...sumQuestion(10 + index, 99 - index),
			temperature: 0,
		}));
		const undisturbed = await Promise.all(questions.map((question) => streamChat(url, question)));
		// Both workers are in the middle of two of these when one of them dies, however fast the short answers are.
		const long = await Promise.all(Array.from({ length: 4 }, () => beginStream(url, endlessQuestion(4000))));
		let texts = 0;
		const outcomes = await Promise.all(
			questions.map((question) =>
				streamChat(url, question, {
					onText: () => {
						if (++texts === 1) process.kill(victim, 'SIGKILL');
					},
				}),
			),
		);
		for (const { done } of long) expect(await done).toMatchObject({ brokeOff: false, sawDone: true });
		for (const [index, { reasoning, content, finishReason, sawDone, error }] of outcomes.entries()) {
			expect({ finishReason, sawDone, error }).toEqual({ finishReason: 'stop', sawDone: true, error: null });
			expect({ reasoning, content }).toEqual({
				reasoning: undisturbed[index]?.reasoning,
				content: undisturbed[index]?.content,
			});
		}
		expect(
			logs().some(({ msg, resumedTokens }) => msg === 'running the request elsewhere' && Number(resumedTokens) > 0),
		).toBe(true);
		const isBack = () => logs().filter(({ msg, workerId }) => msg === 'worker ready' && workerId === victimId).length;
		await expect.poll(isBack, { timeout: 30_000 }).toBe(2);
		expect(await streamChat(url, sumQuestion(1, 2))).toMatchObject({ finishReason: 'stop', sawDone: true });
	});
});
