import { expect, onTestFinished, test } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { type FakeWorkerOptions, fakeVector } from '../support/fake-worker.ts';
import { isIdle, startPool } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';

const EMBEDDER: FakeWorkerOptions = { info: { embedding: { dimensions: 3 } }, slots: 1 };

/** Breaks the connection of every request for embeddings but the probe. */
function dying(): FakeWorkerOptions {
	let calls = 0;
	return {
		...EMBEDDER,
		intercept: (request, response) => {
			if (request.url !== '/embed' || calls++ === 0) return false;
			response.destroy();
			return true;
		},
	};
}

async function setUp(fakes: FakeWorkerOptions[]) {
	const workers = await Promise.all(fakes.map((fake) => startFake(fake)));
	const { pool, happened } = startPool({ endpoints: workers.map(({ endpoint }) => endpoint) });
	onTestFinished(async () => {
		await pool.destroy(internalError('test over'));
		expect(isIdle(pool.status())).toBe(true);
	});
	await happened('workerReady', workers.length);
	const embed = (signal = new AbortController().signal) => {
		const request = { inputs: [[{ text: 'abc', special: false }]], truncate: false };
		return pool.embed({ model: 'fake', requestId: 'e1', request, signal, keyId: null });
	};
	return { pool, workers, embed };
}

test('a worker proves itself with an embedding, and makes them', async () => {
	const { workers, embed } = await setUp([EMBEDDER]);
	expect(workers[0]?.embedded).toHaveLength(1);
	const [made] = await embed();
	expect(made).toEqual({ vector: Buffer.from(fakeVector(3).buffer).toString('base64'), tokens: 3 });
	expect(workers[0]?.received).toEqual([]);
});

test('a request whose worker is lost is done by another', async () => {
	const { embed } = await setUp([dying(), EMBEDDER]);
	for (let round = 0; round < 4; round += 1) expect(await embed()).toHaveLength(1);
});

test('inputs that cost two workers go no further', async () => {
	const { embed } = await setUp([dying(), dying(), dying()]);
	await expect(embed()).rejects.toMatchObject({ code: 'worker_crashed' });
});

test('a client that leaves while it waits, or while its inputs are evaluated, leaves no lease behind', async () => {
	let arrived = () => {};
	const asked = new Promise<void>((resolve) => {
		arrived = resolve;
	});
	let calls = 0;
	const { pool, embed } = await setUp([
		{
			...EMBEDDER,
			intercept: (request) => {
				if (request.url !== '/embed' || calls++ === 0) return false;
				arrived();
				return true; // and never answers
			},
		},
	]);
	const [running, waiting] = [new AbortController(), new AbortController()];
	const first = embed(running.signal);
	await asked;
	const second = embed(waiting.signal);
	waiting.abort(internalError('left the queue'));
	await expect(second).rejects.toMatchObject({ cause: 'left the queue' });
	running.abort(internalError('left the slot'));
	await expect(first).rejects.toMatchObject({ cause: 'left the slot' });
	expect(isIdle(pool.status())).toBe(true);
});
