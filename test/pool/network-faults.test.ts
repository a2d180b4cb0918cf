import { expect, onTestFinished, test } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { answer, type FakeScript, type FakeWorker, textOf, tokenEvents, toLines } from '../support/fake-worker.ts';
import { asOne, isIdle, runOnce, startPool } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';

/** A pool of fake workers on TCP, ready. */
async function setUp(scripts: FakeScript[]) {
	const workers: FakeWorker[] = [];
	for (const script of scripts) {
		const worker = await startFake({ script, transport: 'tcp', slots: 8 });
		workers.push(worker);
	}
	const started = startPool({ endpoints: workers.map(({ endpoint }) => endpoint) });
	onTestFinished(async () => {
		await started.pool.destroy(internalError('test over'));
		expect(isIdle(started.pool.status())).toBe(true);
	});
	await started.happened('workerReady', scripts.length);
	return { ...started, workers };
}

test('an answer that is cut anywhere goes on elsewhere, nothing twice, nothing missing', async () => {
	const events = tokenEvents(4);
	const lines = events.map((event) => toLines([event]));
	for (const [at, line] of lines.entries()) {
		for (const bytes of [0, line.length >> 1, line.length - 1]) {
			const head = lines.slice(0, at).join('') + line.slice(0, bytes);
			let cuts = 0;
			/** Whichever worker comes first cuts it. */
			const script: FakeScript = async (turn) => {
				cuts += 1;
				if (cuts > 1) return answer(4)(turn);
				await turn.sendRaw(head);
				turn[bytes === 0 ? 'finish' : 'reset']();
			};
			// A pool each: one that broke five answers in a row would be on probation.
			const { pool } = await setUp([script, script]);
			const outcome = asOne(await runOnce(pool, `cut-${at}-${bytes}`));
			expect([at, bytes, cuts, outcome]).toEqual([at, bytes, 2, { events, error: null }]);
		}
	}
});

test('a host that comes and goes costs no request: each is whole, on whichever host', async () => {
	let isDown = false;
	const flapping: FakeScript = async (turn) => {
		if (!isDown) return answer(20)(turn);
		await turn.sendRaw(toLines(tokenEvents(20)).slice(0, 200));
		turn.reset();
	};
	const { pool, workers } = await setUp([flapping, answer(20)]);
	for (let round = 0; round < 20; round += 1) {
		isDown = round % 2 === 1;
		if (isDown) workers[0]?.cut();
		const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => runOnce(pool, `${round}-${index}`)));
		for (const outcome of outcomes) expect([outcome.error, textOf(outcome.events)]).toEqual([null, words(20)]);
	}
});

const words = (tokens: number) => Array.from({ length: tokens }, (_, index) => `t${index} `).join('');
