import { afterEach, describe, expect, it } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { dnsResolver } from '../../src/pool/resolve-hosts.ts';
import { startDnsServer, type Zone } from '../support/dns-server.ts';
import { answerHeldAt, fakeInfo, startFakeWorker, tokenEvents } from '../support/fake-worker.ts';
import { remoteAt, runOnce, startPool } from '../support/pool.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startFake(options: Parameters<typeof startFakeWorker>[0] = {}) {
	const fake = await startFakeWorker({ transport: 'tcp', ...options });
	cleanups.push(() => fake.close());
	return fake;
}

describe('workers behind a service name', () => {
	it('join when they appear, and finish what they run when they go', async () => {
		const held = answerHeldAt(2, 5);
		const [first, second] = [await startFake({ script: held.script }), await startFake()];
		const place = (endpoint: string) => ({ target: 'gpu.test', port: Number(new URL(endpoint).port) });
		const zone: Zone = new Map([
			['_retort._tcp.gpu.test', { srv: [place(first.endpoint)] }],
			['gpu.test', { a: ['127.0.0.1'] }],
		]);
		const dns = await startDnsServer(zone);
		const where = { type: 'srv' as const, url: 'http://_retort._tcp.gpu.test' };
		const { pool, happened } = startPool({
			remotes: [remoteAt('', { where, refreshMs: 5 })],
			resolver: dnsResolver([dns.address]),
		});
		cleanups.push(
			() => dns.close(),
			() => pool.destroy(internalError('test over')),
		);
		await happened('workerReady', 1);
		let sawFirst = () => {};
		const running = new Promise<void>((resolve) => {
			sawFirst = resolve;
		});
		const outcome = runOnce(pool, 'r1', { onEvent: () => sawFirst() });
		await running;

		zone.set('_retort._tcp.gpu.test', { srv: [place(second.endpoint)] });
		await happened('workerReady', 2);
		expect((await runOnce(pool, 'r2')).events).toEqual(tokenEvents(4));
		expect(second.received).toEqual(['r2']);
		expect(pool.status().workers.map(({ busySlots }) => busySlots)).toContain(1);

		held.release();
		expect((await outcome).events).toEqual(tokenEvents(5));
		expect(pool.status().workers.map(({ id }) => id)).toEqual([second.endpoint]);
	});
});

describe('a worker with another model', () => {
	it('is refused beside one that serves, with the reason where it can be seen', async () => {
		const first = await startFake();
		const { model } = fakeInfo();
		const second = await startFake({ info: { model: { ...model, fingerprint: 'e'.repeat(64) } } });
		let firstServes = () => {};
		const serves = new Promise<void>((resolve) => {
			firstServes = resolve;
		});
		const resolver = {
			addresses: async () => ['127.0.0.1'],
			services: async () => {
				await serves;
				return [{ name: 'gpu.test', port: Number(new URL(second.endpoint).port) }];
			},
		};
		const where = { type: 'srv' as const, url: 'http://_retort._tcp.gpu.test' };
		const { pool, happened, observed, log } = startPool({
			remotes: [remoteAt(first.endpoint), remoteAt('', { where })],
			resolver,
		});
		cleanups.push(() => pool.destroy(internalError('test over')));
		await happened('workerReady');
		firstServes();
		await happened('workerRefused');
		const reason = expect.stringMatching(/another model \(fingerprint\): it has eeeeeeeeeeee, the pool ffffffffffff/);
		expect(observed).toContainEqual({ name: 'workerRefused', model: 'fake', workerId: second.endpoint, reason });
		expect(log.entries).toContainEqual(expect.objectContaining({ level: 'error', message: 'worker refused' }));
		expect(pool.status().workers).toContainEqual(expect.objectContaining({ id: second.endpoint, trouble: reason }));
		expect((await runOnce(pool, 'r')).events).toEqual(tokenEvents(4));
		expect(second.received).toEqual([]);
	});
});
