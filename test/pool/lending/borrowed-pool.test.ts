import { describe, expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../../src/errors.ts';
import { BorrowedPool } from '../../../src/pool/lending/borrowed-pool.ts';
import { Lender } from '../../../src/pool/lending/lender.ts';
import type { PoolGenerateOptions, QueuePlace } from '../../../src/pool/pool-options.ts';
import type { WorkerEvent } from '../../../src/protocol/worker-api.ts';
import {
	answer,
	answerHeldAt,
	type FakeWorkerOptions,
	fakeVector,
	textOf,
	tokenEvents,
} from '../../support/fake-worker.ts';
import { generateRequest } from '../../support/generate-request.ts';
import { peerPair } from '../../support/peers.ts';
import { isIdle, startPool } from '../../support/pool.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { startFake } from '../../support/start-fake.ts';
import { until } from '../../support/until.ts';

/** A pool over these fakes that is lent to so many gateways. */
async function setUp(fakes: FakeWorkerOptions[], gatewayCount = 2) {
	const workers = await Promise.all(fakes.map((fake) => startFake(fake)));
	const lenders: Lender[] = [];
	const test = startPool({
		endpoints: workers.map((worker) => worker.endpoint),
	});
	onTestFinished(() => test.pool.destroy(internalError('test over')));
	await test.happened('workerReady', workers.length);
	const gateways = await Promise.all(
		Array.from({ length: gatewayCount }, async () => {
			const { left, right } = peerPair();
			const lender = new Lender(test.pool, left);
			lenders.push(lender);
			const retried: string[] = [];
			const pool = new BorrowedPool(right, {
				patienceMs: 20_000,
				generationMs: 20_000,
				routes: { mixed: { fake: 1 } },
				fallbacks: {},
				log: recordingLog(),
				observer: { retried: ({ workerId }) => retried.push(workerId) },
			});
			onTestFinished(() => pool.close());
			await until(() => pool.models().length > 0);
			return { pool, lender, retried, peers: { left, right } };
		}),
	);
	const idle = () => until(() => isIdle(test.pool.status()) && lenders.every(({ leaseCount }) => leaseCount === 0));
	return { owner: test.pool, workers, gateways, idle };
}

/** Waits for what only shows when asked for, a turn of the loop at a time. */
function ask(pool: BorrowedPool, requestId: string, options: Partial<PoolGenerateOptions> = {}) {
	const signal = new AbortController().signal;
	return pool.generate({ model: 'alias', request: generateRequest(requestId), signal, keyId: null, ...options });
}

async function readAll(events: AsyncIterable<WorkerEvent>): Promise<WorkerEvent[]> {
	const all: WorkerEvent[] = [];
	for await (const event of events) all.push(event);
	return all;
}

describe('BorrowedPool', () => {
	it('knows the models, tokenises, and ends a phase, as the pool itself', async () => {
		const held = answerHeldAt(1, 2);
		const { gateways, workers, idle } = await setUp([{ script: held.script }], 1);
		const [gateway] = gateways;
		expect(gateway?.pool.findModel('alias')).toMatchObject({ name: 'fake', state: 'ready' });
		expect(gateway?.pool.findModel('other')).toBeNull();
		expect(gateway?.pool.candidates('mixed', 'key').map(({ name }) => name)).toEqual(['fake']);
		const signal = new AbortController().signal;
		expect(await gateway?.pool.tokenize('fake', [{ text: 'a', special: false }], signal)).toEqual([1, 2, 3]);
		if (gateway === undefined) return;
		const stream = ask(gateway.pool, 'r1');
		await stream.next();
		expect(await gateway.pool.endPhase('r1', 'reasoning')).toBe(true);
		expect(await gateway.pool.endPhase('r2', 'reasoning')).toBe(false);
		expect(workers[0]?.endedPhases).toEqual(['r1']);
		await stream.return();
		await expect(ask(gateway.pool, 'r3', { model: 'none' }).next()).rejects.toMatchObject({ code: 'model_not_found' });
		await idle();
	});

	it('60 requests of three gateways on 2 x 4 slots: all complete, never more at once than the slots', async () => {
		let most = 0;
		const held = answerHeldAt(2, 12);
		const script: FakeWorkerOptions['script'] = async (turn) => {
			most = Math.max(most, ...workers.map((worker) => worker.running()));
			await held.script(turn);
		};
		const { owner, workers, gateways, idle } = await setUp([{ script }, { script }], 3);
		const all = gateways.flatMap(({ pool }, gateway) =>
			Array.from({ length: 20 }, (_, index) => readAll(ask(pool, `g${gateway}-${index}`))),
		);
		await until(() => owner.status().queueLength === 52 && workers.every((worker) => worker.running() === 4));
		held.release();
		for (const events of await Promise.all(all)) expect(events).toEqual(tokenEvents(12));
		expect(most).toBe(4);
		await idle();
	});

	it('frees the slot of whoever leaves: queued, running, or in the turn in which the slot was granted', async () => {
		const held = answerHeldAt(1, 2);
		const { workers, gateways, owner, idle } = await setUp([{ slots: 1, script: held.script }]);
		const [one, two] = gateways;
		if (one === undefined || two === undefined) return;
		const runs = new AbortController();
		const running = ask(one.pool, 'running', { signal: runs.signal });
		await running.next();
		const waits = new AbortController();
		const waiting = ask(two.pool, 'waiting', { signal: waits.signal }).next();
		await until(() => owner.status().queueLength === 1);
		waits.abort(internalError('left'));
		await expect(waiting).rejects.toMatchObject({ code: 'internal_error' });
		await until(() => owner.status().queueLength === 0);
		// Asked for and withdrawn at once: the grant is on its way while the withdrawal is.
		const raced = new AbortController();
		const racing = ask(two.pool, 'racing', { signal: raced.signal }).next();
		runs.abort(internalError('left'));
		raced.abort(internalError('left'));
		await expect(racing).rejects.toMatchObject({ code: 'internal_error' });
		await running.return();
		await idle();
		expect(workers[0]?.received).toEqual(['running']);
	});

	it('tells who waits where it stands', async () => {
		const held = answerHeldAt(1, 2);
		const { gateways, idle } = await setUp([{ slots: 1, script: held.script }]);
		const [one, two] = gateways;
		if (one === undefined || two === undefined) return;
		const running = ask(one.pool, 'running');
		await running.next();
		let place: () => QueuePlace | null = () => null;
		const told = new Promise<void>((resolve) => {
			const onQueued: PoolGenerateOptions['onQueued'] = (read) => {
				place = read;
				resolve();
			};
			void readAll(ask(two.pool, 'waiting', { onQueued }));
		});
		await told;
		expect(place()?.position).toBe(1);
		held.release();
		await readAll(running);
		await idle();
		expect(place()).toBeNull();
	});

	it('goes on at the same token on another worker, under a lease of its own', async () => {
		const held = answerHeldAt(2, 4);
		const { workers, gateways, idle } = await setUp([{ script: held.script }, { script: held.script }], 1);
		const [gateway] = gateways;
		if (gateway === undefined) return;
		const events: WorkerEvent[] = [];
		for await (const event of ask(gateway.pool, 'r1')) {
			events.push(event);
			if (events.length !== 3) continue;
			const busy = workers.find((worker) => worker.running() === 1);
			for (const worker of workers) if (worker !== busy) worker.script = answer(4);
			busy?.cut();
		}
		expect(textOf(events)).toBe(textOf(tokenEvents(4)));
		expect(gateway.retried).toHaveLength(1);
		await idle();
	});

	it('makes embeddings in a slot of the owner, on another worker where one is lost', async () => {
		let probes = 0;
		const dies: FakeWorkerOptions['intercept'] = (request, response) => {
			if (request.url !== '/embed' || probes++ === 0) return false;
			response.destroy();
			return true;
		};
		const info = { embedding: { dimensions: 3 } };
		const { owner, gateways, idle } = await setUp(
			[
				{ info, slots: 1, intercept: dies },
				{ info, slots: 1 },
			],
			2,
		);
		expect(gateways[0]?.pool.findModel('alias')?.info?.embedding).toEqual({ dimensions: 3 });
		const request = { inputs: [[{ text: 'abc', special: false }]], truncate: false };
		const embed = (pool: BorrowedPool, index: number) => {
			const { signal } = new AbortController();
			return pool.embed({ model: 'alias', requestId: `e${index}`, request, signal, keyId: null });
		};
		const made = await Promise.all(
			gateways.flatMap(({ pool }) => Array.from({ length: 6 }, (_, index) => embed(pool, index))),
		);
		const vector = Buffer.from(fakeVector(3).buffer).toString('base64');
		expect(made).toEqual(Array.from({ length: 12 }, () => [{ vector, tokens: 3 }]));
		expect(gateways.flatMap(({ retried }) => retried).length).toBeGreaterThan(0);
		expect(owner.status().workers.map(({ slots }) => slots)).toEqual([1, 1]);
		await idle();
	});

	it('tells the owner at a token and at the end how fast the worker was', async () => {
		const { owner, gateways, idle } = await setUp([{ script: answer(8) }], 1);
		const [gateway] = gateways;
		if (gateway !== undefined) await readAll(ask(gateway.pool, 'r1'));
		await idle();
		expect(owner.status().workers[0]?.pace.completionTokens).toBe(8);
	});

	it('gives back what a gateway held and waited for when it dies', async () => {
		const held = answerHeldAt(1, 2);
		const { owner, gateways, idle } = await setUp([{ slots: 1, script: held.script }]);
		const [dying, other] = gateways;
		if (dying === undefined || other === undefined) return;
		const lost = ask(dying.pool, 'lost');
		await lost.next();
		const queued = expect(ask(dying.pool, 'queued').next()).rejects.toMatchObject({ code: 'shutting_down' });
		await until(() => owner.status().queueLength === 1);
		const next = readAll(ask(other.pool, 'next'));
		await until(() => owner.status().queueLength === 2);
		dying.peers.right.close();
		dying.peers.left.close();
		dying.lender.close();
		held.release();
		expect(await next).toEqual(tokenEvents(2));
		await queued;
		await lost.return();
		await idle();
	});
});
