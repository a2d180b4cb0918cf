import { expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { answer, startFakeWorker } from '../support/fake-worker.ts';
import { runOnce, startPool } from '../support/pool.ts';

it('a key that floods hurts itself first: nobody else is turned away, or waits for it', async () => {
	let release = () => {};
	const gate = new Promise<void>((resolve) => {
		release = resolve;
	});
	const worker = await startFakeWorker({
		slots: 2,
		script: async (turn) => {
			await gate;
			await answer(1)(turn);
		},
	});
	const { pool, happened } = startPool({
		endpoints: [worker.endpoint],
		queue: { maxLength: 20, deadlineSeconds: 20 },
	});
	onTestFinished(async () => {
		await pool.destroy(internalError('test over'));
		await worker.close();
	});
	await happened('workerReady');
	const flood = Array.from({ length: 60 }, (_, index) => runOnce(pool, `greedy-${index}`, { keyId: 'greedy' }));
	await expect.poll(() => pool.status().queueLength).toBe(20);
	const others = Array.from({ length: 9 }, (_, index) => runOnce(pool, `other-${index}`, { keyId: `key-${index}` }));
	release();
	expect((await Promise.all(others)).map(({ error }) => error)).toEqual(Array.from({ length: 9 }, () => null));
	const refused = (await Promise.all(flood)).filter(({ error }) => error !== null);
	expect(refused).toHaveLength(60 - 2 - (20 - 9));
	expect(refused.every(({ error }) => Object(error).code === 'overloaded')).toBe(true);
	// Two were running already and one is the greedy key's own turn; then all the others, before its second.
	const lastOther = Math.max(...worker.received.map((id, at) => (id.startsWith('other') ? at : 0)));
	expect(lastOther).toBeLessThanOrEqual(2 + 9);
});
