import { expect, it, onTestFinished } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { internalError } from '../../../src/errors.ts';
import { shareAffinity } from '../../../src/gateway/shared/affinity-hints.ts';
import { SharedState } from '../../../src/gateway/shared/shared-state.ts';
import type { PoolObserver } from '../../../src/pool/pool-observer.ts';
import { startFakeRedis } from '../../support/fake-redis.ts';
import { startFakeWorker } from '../../support/fake-worker.ts';
import { generateRequest } from '../../support/generate-request.ts';
import { runOnce, startPool } from '../../support/pool.ts';
import { recordingLog } from '../../support/recording-log.ts';

it('a conversation that moves to another gateway finds the worker that knows it', async () => {
	const redis = await startFakeRedis();
	const workers = await Promise.all([1, 2, 3, 4].map(() => startFakeWorker({})));
	const config = configSchema.parse({ redis: { url: redis.url, timeoutMs: 1000 } });
	let hints = 0;
	const gateways = await Promise.all(
		[1, 2].map(async () => {
			// pino's logger and the pool's differ in what they offer beside these four.
			const log = recordingLog() as never;
			const shared = new SharedState({ redis: config.redis, url: redis.url, log });
			const observer: PoolObserver = {};
			const test = startPool({ endpoints: workers.map(({ endpoint }) => endpoint), observer });
			observer.placed = shareAffinity(shared, {
				hint(hint) {
					hints += 1;
					test.pool.hint(hint);
				},
			});
			onTestFinished(async () => {
				await shared.close();
				await test.pool.destroy(internalError('test over'));
			});
			return test;
		}),
	);
	onTestFinished(async () => {
		await Promise.all([redis.close(), ...workers.map((worker) => worker.close())]);
	});
	const [one, other] = gateways;
	if (one === undefined || other === undefined) throw new Error('no gateways');
	const isReady = () => gateways.every(({ pool }) => pool.status().workers.every(({ state }) => state === 'ready'));
	await expect.poll(isReady, { timeout: 10_000 }).toBe(true);
	await expect.poll(() => redis.asked.filter(([name]) => name === 'subscribe').length, { timeout: 10_000 }).toBe(2);

	const whoServed = (id: string) => workers.findIndex(({ received }) => received.includes(id));
	for (let conversation = 0; conversation < 8; conversation += 1) {
		const turn = (index: number) =>
			generateRequest(`${conversation}-${index}`, {
				prompt: Array.from({ length: index }, (_, part) => ({ text: `${conversation}-${part} `, special: false })),
			});
		const before = hints;
		await runOnce(one.pool, turn(3));
		await expect.poll(() => hints, { timeout: 10_000 }).toBe(before + 1);
		await runOnce(other.pool, turn(5));
		await expect.poll(() => hints, { timeout: 10_000 }).toBe(before + 2);
		expect(whoServed(`${conversation}-5`)).toBe(whoServed(`${conversation}-3`));
	}
});
