import { describe, expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../src/errors.ts';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';
import {
	answer,
	answerHeldAt,
	type FakeWorker,
	type FakeWorkerOptions,
	textOf,
	tokenEvents,
} from '../support/fake-worker.ts';
import { generateRequest } from '../support/generate-request.ts';
import { asOne, isIdle, runOnce, startPool, type TestPool } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';

/** A pool over these fakes, all ready. */
async function setUp(
	fakes: FakeWorkerOptions[],
	options: Omit<Parameters<typeof startPool>[0], 'endpoints'> = {},
): Promise<TestPool & { workers: FakeWorker[] }> {
	const workers = await Promise.all(fakes.map((fake) => startFake(fake)));
	const test = startPool({ ...options, endpoints: workers.map((worker) => worker.endpoint) });
	onTestFinished(async () => {
		await test.pool.destroy(internalError('test over'));
		expect(isIdle(test.pool.status())).toBe(true);
	});
	await test.happened('workerReady', workers.length);
	return { ...test, workers };
}

/** Reads the first `count` events of a request and leaves it running. */
async function begin(pool: TestPool['pool'], requestId: string, count = 1, signal = new AbortController().signal) {
	const stream = pool.generate({ model: 'fake', request: generateRequest(requestId), signal, keyId: null });
	const events: WorkerEvent[] = [];
	for (let index = 0; index < count; index += 1) {
		const next = await stream.next();
		if (!next.done) events.push(next.value);
	}
	return { stream, events };
}

const overloaded = expect.objectContaining({ code: 'overloaded', status: 503 });
const crashed = expect.objectContaining({ code: 'worker_crashed', status: 500 });

describe('WorkerPool', () => {
	it('streams a generation by name and by alias', async () => {
		const { pool } = await setUp([{}]);
		expect(await runOnce(pool, 'r1')).toEqual({ events: tokenEvents(4), error: null });
		expect(pool.findModel('alias')?.name).toBe('fake');
		expect(pool.models()).toEqual([expect.objectContaining({ name: 'fake', state: 'ready', aliases: ['alias'] })]);
		expect(pool.findModel('fake')?.info?.slots).toBe(4);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('does not know a model that is not served', async () => {
		const { pool } = await setUp([{}]);
		const stream = pool.generate({
			model: '../fake',
			request: generateRequest('r'),
			signal: new AbortController().signal,
			keyId: null,
		});
		await expect(stream.next()).rejects.toEqual(expect.objectContaining({ code: 'model_not_found', status: 404 }));
		expect(pool.findModel('__proto__')).toBe(null);
	});

	it('runs 40 requests on 2 x 4 slots: all complete, never more than the slots at once', async () => {
		let most = 0;
		const script = async (turn: Parameters<ReturnType<typeof answer>>[0]) => {
			most = Math.max(most, ...workers.map((worker) => worker.running()));
			await answer(20)(turn);
		};
		const { pool, workers, observed } = await setUp([{ script }, { script }]);
		const outcomes = await Promise.all(
			Array.from({ length: 40 }, (_, index) => runOnce(pool, `r${index}`, { keyId: `k${index % 3}` })),
		);
		expect(outcomes.every(({ error, events }) => error === null && textOf(events) === textOf(tokenEvents(20)))).toBe(
			true,
		);
		expect(most).toBeLessThanOrEqual(4);
		expect(observed.filter((event) => event.name === 'queueWaited')).toHaveLength(40);
		expect(workers.map((worker) => worker.received.length).reduce((sum, count) => sum + count)).toBe(40);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('runs a request elsewhere when its worker is lost before the first token, unseen', async () => {
		const lost = answerHeldAt(0, 4);
		const { pool, workers, observed } = await setUp([{ script: lost.script }, { script: lost.script }]);
		const first = await begin(pool, 'r1', 1);
		const [busy, other] = workers[0]?.running() === 1 ? [workers[0], workers[1]] : [workers[1], workers[0]];
		if (other === undefined) throw new Error('no other worker');
		other.script = answer(4);
		busy?.cut();
		const rest: WorkerEvent[] = [];
		for await (const event of first.stream) rest.push(event);
		expect([...first.events, ...rest]).toEqual(tokenEvents(4));
		expect(observed.filter((event) => event.name === 'retried')).toHaveLength(1);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('goes on elsewhere at the same token when its worker is lost in mid-stream: no gap, nothing twice', async () => {
		const held = answerHeldAt(2, 4);
		const { pool, workers, observed } = await setUp([{ script: held.script }, { script: held.script }]);
		const outcome = await runOnce(pool, 'r1', {
			onEvent: (event) => {
				if (event.type !== 'delta' || event.text !== 't1 ') return;
				const busy = workers.find((worker) => worker.running() === 1);
				for (const worker of workers) if (worker !== busy) worker.script = answer(4);
				busy?.cut();
			},
		});
		expect(
			outcome.events.find((event) => event.type === 'generation-start' && event.resumedTokens === 2),
		).toBeDefined();
		expect(asOne(outcome)).toEqual({ events: tokenEvents(4), error: null });
		expect(workers.map((worker) => worker.received)).toEqual([['r1'], ['r1']]);
		expect(observed.filter((event) => event.name === 'retried')).toHaveLength(1);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('ends with worker_crashed when the second worker is lost as well, having sent each token once', async () => {
		const script: FakeWorkerOptions['script'] = async (turn) => {
			const from = turn.request.resume.length;
			await turn.send(...tokenEvents(9, from).slice(0, 3));
			turn.reset();
		};
		const { pool } = await setUp([{ script }, { script }, { script }]);
		const outcome = await runOnce(pool, 'r1');
		expect(outcome.error).toEqual(crashed);
		expect(textOf(outcome.events)).toBe('t0 t1 t2 t3 ');
		expect(isIdle(pool.status())).toBe(true);
	});

	it('ends with worker_crashed, and does not wait, when the only worker cut the stream and serves on', async () => {
		const { pool, workers } = await setUp([
			{
				script: async (turn) => {
					await turn.send(...tokenEvents(1).slice(0, 2));
					turn.reset();
				},
			},
		]);
		expect(await runOnce(pool, 'r1')).toEqual({ events: tokenEvents(1).slice(0, 2), error: crashed });
		expect(workers[0]?.received).toEqual(['r1']);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('tries a request twice at most: one that breaks every worker is refused', async () => {
		const script: FakeWorkerOptions['script'] = (turn) => turn.reset();
		const { pool, workers } = await setUp([{ script }, { script }, { script }]);
		expect(await runOnce(pool, 'poison')).toEqual({ events: [], error: crashed });
		const received = workers.flatMap((worker) => worker.received);
		// A connection that had served the probe may be taken for stale, so the same worker may see the id again.
		const met = workers.filter((worker) => worker.received.includes('poison')).length;
		expect(met).toBe(2);
		expect(new Set(received)).toEqual(new Set(['poison']));
	});

	it('gives no work to a worker that broke a stream until it answers again', async () => {
		let holds = false;
		let answerHealth: () => void = () => {};
		let asked: () => void = () => {};
		const isAsked = new Promise<void>((resolve) => {
			asked = resolve;
		});
		const { pool, workers } = await setUp([
			{
				slots: 1,
				script: async (turn) => {
					await turn.send(...tokenEvents(1).slice(0, 2));
					turn.reset();
				},
				intercept: (request, response) => {
					if (!holds || request.url !== '/health') return false;
					answerHealth = () => response.end('{"state":"ready","busySlots":0,"waiting":0,"progress":1,"rssBytes":1}');
					asked();
					return true;
				},
			},
		]);
		holds = true;
		expect((await runOnce(pool, 'broken')).error).toEqual(crashed);
		await isAsked;
		if (workers[0] !== undefined) workers[0].script = answer(4);
		const waiting = runOnce(pool, 'waiting');
		expect(pool.status().queueLength).toBe(1);
		holds = false;
		answerHealth();
		expect(await waiting).toEqual({ events: tokenEvents(4), error: null });
	});

	it('gives no more work to a worker that said that it is about to end, though /health has not told so yet', async () => {
		const { pool, workers } = await setUp([
			{
				script: (turn) => turn.fail(503, 'shutting_down'),
				intercept: (request) => request.url === '/health' && workers[0]?.received.length === 1,
			},
			{},
		]);
		// Prompts of their own: one conversation would stay with the worker that knows it.
		const ask = (id: string) => runOnce(pool, generateRequest(id, { prompt: [{ text: id, special: false }] }));
		const events = tokenEvents(4);
		for (let id = 0; workers[0]?.received.length === 0; id += 1)
			expect(await ask(`before-${id}`)).toEqual({ events, error: null });
		for (let id = 0; id < 20; id += 1) expect(await ask(`after-${id}`)).toEqual({ events, error: null });
		expect(workers[0]?.received).toHaveLength(1);
	});

	it("passes on a worker's 400 and does not try elsewhere", async () => {
		const script: FakeWorkerOptions['script'] = (turn) => turn.fail(400, 'context_length_exceeded');
		const { pool, workers } = await setUp([{ script }, { script }]);
		const { error } = await runOnce(pool, 'long');
		expect(error).toEqual(expect.objectContaining({ status: 400, code: 'context_length_exceeded' }));
		expect(workers.flatMap((worker) => worker.received)).toHaveLength(1);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('tries elsewhere when a worker says that it is busy', async () => {
		let calls = 0;
		const script: FakeWorkerOptions['script'] = (turn) => {
			calls += 1;
			return calls === 1 ? turn.fail(503, 'overloaded') : answer(4)(turn);
		};
		const { pool } = await setUp([{ script }, { script }]);
		expect(await runOnce(pool, 'r')).toEqual({ events: tokenEvents(4), error: null });
	});

	it('frees the slot when the client leaves, running or held before its first event', async () => {
		const { pool, workers } = await setUp([{ script: () => {}, slots: 1 }]);
		const [worker] = workers;
		let arrived: () => void = () => {};
		const hasArrived = new Promise<void>((resolve) => {
			arrived = resolve;
		});
		let closed: Promise<void> | undefined;
		if (worker !== undefined)
			worker.script = (turn) => {
				closed = turn.closed;
				arrived();
			};
		const controller = new AbortController();
		const reason = new DOMException('left', 'AbortError');
		const outcome = runOnce(pool, 'r', { signal: controller.signal });
		await hasArrived;
		controller.abort(reason);
		expect(await outcome).toEqual({ events: [], error: reason });
		await closed;
		expect(isIdle(pool.status())).toBe(true);
	});

	it('frees the slot when the reader returns early', async () => {
		const { pool } = await setUp([{ script: answerHeldAt(2, 4).script }]);
		const { stream } = await begin(pool, 'r', 2);
		expect(isIdle(pool.status())).toBe(false);
		await stream.return();
		expect(isIdle(pool.status())).toBe(true);
	});

	it('never runs a request whose client left while it was queued', async () => {
		const held = answerHeldAt(0, 1);
		const { pool, workers } = await setUp([{ script: held.script, slots: 1 }]);
		const running = runOnce(pool, 'running');
		const controller = new AbortController();
		const queued = runOnce(pool, 'queued', { signal: controller.signal });
		expect(pool.status().queueLength).toBe(1);
		const reason = new DOMException('left', 'AbortError');
		controller.abort(reason);
		expect(await queued).toEqual({ events: [], error: reason });
		held.release();
		expect((await running).error).toBe(null);
		expect(workers[0]?.received).toEqual(['running']);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('turns away what does not fit into the queue, with a Retry-After of 1..30', async () => {
		const held = answerHeldAt(0, 1);
		const { pool, observed } = await setUp([{ script: held.script, slots: 1 }], {
			queue: { maxLength: 2, deadlineSeconds: 20 },
		});
		const accepted = ['a', 'b', 'c'].map((id) => runOnce(pool, id));
		const { error } = await runOnce(pool, 'd');
		expect(error).toEqual(overloaded);
		expect(error).toEqual(expect.objectContaining({ retryAfterSeconds: expect.any(Number) }));
		expect(observed.filter((event) => event.name === 'rejected')).toEqual([
			{ name: 'rejected', model: 'fake', code: 'overloaded' },
		]);
		held.release();
		expect((await Promise.all(accepted)).map((outcome) => outcome.error)).toEqual([null, null, null]);
	});

	it('turns away what has waited too long, and never runs it', async () => {
		const held = answerHeldAt(0, 1);
		const { pool, workers } = await setUp([{ script: held.script, slots: 1 }], {
			queue: { maxLength: 2, deadlineSeconds: 0.03 },
		});
		const running = runOnce(pool, 'running');
		expect((await runOnce(pool, 'late')).error).toEqual(overloaded);
		held.release();
		await running;
		expect(workers[0]?.received).toEqual(['running']);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('serves waiting keys in turns', async () => {
		const held = answerHeldAt(0, 1);
		const { pool, workers } = await setUp([{ script: held.script, slots: 1 }]);
		const all = [
			runOnce(pool, 'first', { keyId: 'greedy' }),
			...['g1', 'g2', 'g3'].map((id) => runOnce(pool, id, { keyId: 'greedy' })),
			runOnce(pool, 'modest', { keyId: 'modest' }),
		];
		held.release();
		await Promise.all(all);
		expect(workers[0]?.received).toEqual(['first', 'g1', 'modest', 'g2', 'g3']);
	});

	it('sends the next turn of a conversation back to its worker', async () => {
		const { pool, workers } = await setUp([{}, {}, {}, {}]);
		const text = (value: string) => ({ text: value, special: false });
		const prompts = Array.from({ length: 8 }, (_, index) => [text(`conversation ${index} `.repeat(10))]);
		for (let turn = 0; turn < 3; turn += 1)
			for (const [index, prompt] of prompts.entries()) {
				await runOnce(pool, generateRequest(`c${index}`, { prompt: [...prompt] }));
				prompt.push(text('answer'), text(`question ${turn}`));
			}
		for (const [index] of prompts.entries()) {
			const seenBy = workers.filter((worker) => worker.received.includes(`c${index}`));
			expect(seenBy).toHaveLength(1);
		}
	});

	it('ends a generation that runs for too long, whatever its worker does', async () => {
		const endless: FakeWorkerOptions = {
			script: async (turn) => {
				await turn.send(...tokenEvents(2).slice(0, 2));
				await turn.closed;
			},
		};
		const { pool, workers } = await setUp([endless], { workers: { generationSeconds: 0.05 } });
		const outcome = await runOnce(pool, 'r');
		expect(outcome.error).toEqual(expect.objectContaining({ code: 'generation_timeout', status: 504 }));
		expect(textOf(outcome.events)).toBe('t0 ');
		expect(isIdle(pool.status())).toBe(true);
		expect(workers[0]?.received).toEqual(['r']);
	});

	it('says that the model loads until the first worker is ready', async () => {
		const fake = await startFake({
			intercept: (_request, response) => {
				response.writeHead(503).end('{"error":{"message":"m","code":"model_loading"}}');
				return true;
			},
		});
		const { pool } = startPool({ endpoints: [fake.endpoint] });
		onTestFinished(() => pool.destroy(internalError('test over')));
		expect((await runOnce(pool, 'r')).error).toEqual(expect.objectContaining({ code: 'model_loading', status: 503 }));
		expect(pool.findModel('fake')).toEqual(expect.objectContaining({ state: 'loading', info: null }));
		await expect(async () => pool.tokenize('fake', [], new AbortController().signal)).rejects.toEqual(
			expect.objectContaining({ code: 'model_loading' }),
		);
	});

	it('does not take a worker of another protocol version', async () => {
		const fake = await startFake({ info: { protocolVersion: 99 } });
		const { pool, happened, observed, log } = startPool({ endpoints: [fake.endpoint] });
		onTestFinished(() => pool.destroy(internalError('test over')));
		await happened('workerRefused');
		expect(observed.some((event) => event.name === 'workerReady')).toBe(false);
		expect(log.entries.some((entry) => String(entry.fields.reason).includes('protocol 99'))).toBe(true);
		expect((await runOnce(pool, 'r')).error).toEqual(overloaded);
		expect(pool.status().workers[0]?.trouble).toMatch(/protocol 99/);
	});

	it('does not take a worker that cannot make one token', async () => {
		const fake = await startFake({
			intercept: (request, response) => {
				if (request.url !== '/generate') return false;
				response.writeHead(500).end();
				return true;
			},
		});
		const { pool, happened, observed } = startPool({ endpoints: [fake.endpoint] });
		onTestFinished(() => pool.destroy(internalError('test over')));
		await happened('workerDied');
		expect(observed.some((event) => event.name === 'workerReady')).toBe(false);
	});

	it('finds a worker that makes no progress though it answers, and runs its requests elsewhere', async () => {
		const stuck: FakeWorkerOptions = { script: () => {}, health: () => ({ progress: 1, busySlots: 1 }) };
		const { pool, observed } = await setUp([stuck], { workers: { loadSeconds: 20, stallSeconds: 0.2 } });
		const fine = await runOnce(pool, 'r');
		// One worker alone: it is let go of, comes back, is tried once more, and that is enough.
		expect(fine.error).toEqual(crashed);
		expect(observed.filter((event) => event.name === 'workerDied').length).toBeGreaterThanOrEqual(1);
		expect(isIdle(pool.status())).toBe(true);
	});

	it('replaces a worker that says that it failed', async () => {
		let isBroken = false;
		const { happened } = await setUp([{ health: () => ({ state: isBroken ? 'failed' : 'ready' }) }], {
			workers: { loadSeconds: 20, stallSeconds: 0.2 },
		});
		isBroken = true;
		await happened('workerDied');
		isBroken = false;
		await happened('workerReady', 2);
	});

	it('does not take a slow reader for a stuck worker', async () => {
		let looks = 0;
		let looked: () => void = () => {};
		const lookedOften = new Promise<void>((resolve) => {
			looked = resolve;
		});
		const health = () => {
			looks += 1;
			if (looks === 15) looked();
			return { progress: 1, busySlots: 1 };
		};
		const { pool, observed } = await setUp([{ script: answerHeldAt(1, 2).script, health }], {
			workers: { loadSeconds: 20, stallSeconds: 0.4 },
		});
		const { stream } = await begin(pool, 'r', 2);
		// Ten looks without progress are a stall, but nobody waits for the worker while this reader reads nothing.
		await lookedOften;
		expect(observed.some((event) => event.name === 'workerDied')).toBe(false);
		await stream.return();
	});

	it('ends a phase of a request that runs, wherever it runs', async () => {
		const { pool, workers } = await setUp([
			{ script: answerHeldAt(1, 2).script },
			{ script: answerHeldAt(1, 2).script },
		]);
		const { stream } = await begin(pool, 'r', 2);
		expect(await pool.endPhase('r', 'reasoning')).toBe(true);
		expect(await pool.endPhase('other', 'reasoning')).toBe(false);
		expect(workers.flatMap((worker) => worker.endedPhases)).toEqual(['r']);
		await stream.return();
		expect(await pool.endPhase('r', 'reasoning')).toBe(false);
	});

	it('tokenises and detokenises without a slot', async () => {
		const held = answerHeldAt(0, 1);
		const { pool } = await setUp([{ slots: 1, script: held.script }]);
		const running = runOnce(pool, 'r');
		const { signal } = new AbortController();
		expect(await pool.tokenize('fake', [], signal)).toEqual([1, 2, 3]);
		expect(await pool.detokenize('alias', [1], signal)).toBe('{"tokens":[1]}');
		held.release();
		await running;
	});

	it('drains: running streams finish, queued and new ones are told, workers are let go', async () => {
		const held = answerHeldAt(1, 3);
		const { pool } = await setUp([{ slots: 1, script: held.script }]);
		const { stream, events } = await begin(pool, 'running', 2);
		const queued = runOnce(pool, 'queued');
		const drained = pool.drain(20_000);
		const shuttingDown = expect.objectContaining({ code: 'shutting_down', status: 503 });
		expect((await queued).error).toEqual(shuttingDown);
		expect((await runOnce(pool, 'new')).error).toEqual(shuttingDown);
		held.release();
		for await (const event of stream) events.push(event);
		expect(events).toEqual(tokenEvents(3));
		await drained;
		expect(pool.status().workers.map((worker) => worker.state)).toEqual(['stopped']);
		expect((await runOnce(pool, 'late')).error).toEqual(shuttingDown);
	});

	it('fails what still runs when the grace is over, with shutting_down', async () => {
		const { pool } = await setUp([{ script: answerHeldAt(1, 3).script }]);
		const { stream } = await begin(pool, 'running', 2);
		await pool.drain(10);
		await expect(stream.next()).rejects.toEqual(expect.objectContaining({ code: 'shutting_down' }));
		expect(isIdle(pool.status())).toBe(true);
	});

	it('is destroyed in the middle of a drain', async () => {
		const { pool } = await setUp([{ script: answerHeldAt(1, 3).script }]);
		const { stream } = await begin(pool, 'running', 2);
		const drained = pool.drain(1_000_000);
		const error = internalError('second signal');
		const next = stream.next();
		await Promise.all([pool.destroy(error), drained, expect(next).rejects.toBe(error)]);
		expect(isIdle(pool.status())).toBe(true);
	});
});
