import { expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { fakeInfo, tokenEvents } from '../support/fake-worker.ts';
import { remoteAt, runOnce, startPool, type TestPool } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';

function startAnnounced(options: { expiryMs?: number; endpoints?: string[] } = {}): TestPool {
	const { expiryMs = 60_000, endpoints = [] } = options;
	const started = startPool({
		models: { fake: { aliases: ['alias'], workers: 0, remotes: endpoints.map((url) => remoteAt(url)) } },
		announced: { token: '0123456789abcdef', tls: null, expiryMs },
	});
	onTestFinished(() => started.pool.destroy(internalError('test over')));
	return started;
}

const idsOf = ({ pool }: TestPool) => pool.status().workers.map(({ id }) => id);

it('a worker that is not heard of any more leaves, and one that is heard of stays', async () => {
	const [silent, steady] = [await startFake({ transport: 'tcp' }), await startFake({ transport: 'tcp' })];
	const started = startAnnounced({ expiryMs: 1000 });
	const { pool, log } = started;
	const beat = () => pool.announced({ model: 'alias', url: steady.endpoint, leaves: false });
	pool.announced({ model: 'fake', url: silent.endpoint, leaves: false });
	beat();
	const heart = setInterval(beat, 50);
	onTestFinished(async () => clearInterval(heart));
	expect(idsOf(started)).toEqual([silent.endpoint, steady.endpoint]);
	await expect.poll(() => idsOf(started), { timeout: 10_000 }).toEqual([steady.endpoint]);
	await expect.poll(() => pool.findModel('fake')?.state, { timeout: 10_000 }).toBe('ready');
	expect(log.entries).toContainEqual(expect.objectContaining({ message: 'announced worker leaves' }));
	expect((await runOnce(pool, 'r')).events).toEqual(tokenEvents(4));
	expect(steady.received).toEqual(['r']);
});

it('one that left may come again', async () => {
	const worker = await startFake({ transport: 'tcp' });
	const started = startAnnounced();
	const announce = (leaves: boolean) => started.pool.announced({ model: 'fake', url: worker.endpoint, leaves });
	announce(false);
	await started.happened('workerReady');
	announce(true);
	expect(idsOf(started)).toEqual([]);
	announce(false);
	await started.happened('workerReady', 2);
	expect((await runOnce(started.pool, 'r')).events).toEqual(tokenEvents(4));
});

it('is vetted as any host: another model is refused, with the reason where it can be seen', async () => {
	const first = await startFake({ transport: 'tcp' });
	const { model } = fakeInfo();
	const other = await startFake({ transport: 'tcp', info: { model: { ...model, fingerprint: 'e'.repeat(64) } } });
	const started = startAnnounced();
	started.pool.announced({ model: 'fake', url: first.endpoint, leaves: false });
	await started.happened('workerReady');
	started.pool.announced({ model: 'fake', url: other.endpoint, leaves: false });
	await started.happened('workerRefused');
	const trouble = expect.stringMatching(/another model \(fingerprint\)/);
	expect(started.pool.status().workers).toContainEqual(expect.objectContaining({ id: other.endpoint, trouble }));
	expect(started.log.entries).toContainEqual(expect.objectContaining({ message: 'worker refused' }));
	expect((await runOnce(started.pool, 'r')).events).toEqual(tokenEvents(4));
	expect(other.received).toEqual([]);
});

it('changes nothing for a host that the configuration lists', async () => {
	const worker = await startFake({ transport: 'tcp' });
	const started = startAnnounced({ endpoints: [worker.endpoint] });
	await started.happened('workerReady');
	for (const leaves of [false, true]) started.pool.announced({ model: 'fake', url: worker.endpoint, leaves });
	expect(idsOf(started)).toEqual([worker.endpoint]);
});
