import { describe, expect, it, onTestFinished } from 'vitest';
import { internalError } from '../../src/errors.ts';
import { dnsResolver } from '../../src/pool/resolve-hosts.ts';
import { startDnsServer, type Zone } from '../support/dns-server.ts';
import { answerHeldAt, fakeInfo, tokenEvents } from '../support/fake-worker.ts';
import { remoteAt, runOnce, startPool } from '../support/pool.ts';
import { startFake } from '../support/start-fake.ts';

describe('workers behind a service name', () => {
	it('join when they appear, and finish what they run when they go', async () => {
		const held = answerHeldAt(2, 5);
		const [first, second] = [
			await startFake({ transport: 'tcp', script: held.script }),
			await startFake({ transport: 'tcp' }),
		];
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
		onTestFinished(() => dns.close());
		onTestFinished(() => pool.destroy(internalError('test over')));
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
		const first = await startFake({ transport: 'tcp' });
		const { model } = fakeInfo();
		const second = await startFake({ transport: 'tcp', info: { model: { ...model, fingerprint: 'e'.repeat(64) } } });
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
		onTestFinished(() => pool.destroy(internalError('test over')));
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
