import { describe, expect, it, onTestFinished } from 'vitest';
import { dnsResolver, resolveHosts } from '../../src/pool/resolve-hosts.ts';
import { watchHosts } from '../../src/pool/watch-hosts.ts';
import { startDnsServer, type Zone } from '../support/dns-server.ts';
import { recordingLog } from '../support/recording-log.ts';

async function setUp(zone: Zone) {
	const server = await startDnsServer(zone);
	onTestFinished(() => server.close());
	return dnsResolver([server.address]);
}

describe('resolveHosts', () => {
	it('gives one worker for each address of a name, with the port of the URL', async () => {
		const resolver = await setUp(new Map([['gpu.test', { a: ['10.0.0.2', '10.0.0.1'] }]]));
		const dns = (url: string) => resolveHosts({ type: 'dns', url }, resolver);
		await expect(dns('http://gpu.test:9000')).resolves.toEqual(['http://10.0.0.1:9000', 'http://10.0.0.2:9000']);
		await expect(dns('https://gpu.test')).resolves.toEqual(['https://10.0.0.1:443', 'https://10.0.0.2:443']);
	});

	it('gives one for each record of a service, with the ports of the records', async () => {
		const srv = [
			{ target: 'a.gpu.test', port: 9001 },
			{ target: 'b.gpu.test', port: 9002 },
		];
		const zone: Zone = new Map([
			['_retort._tcp.gpu.test', { srv }],
			['a.gpu.test', { a: ['10.0.0.1'] }],
			['b.gpu.test', { a: ['10.0.0.1'] }],
		]);
		const found = resolveHosts({ type: 'srv', url: 'https://_retort._tcp.gpu.test' }, await setUp(zone));
		await expect(found).resolves.toEqual(['https://10.0.0.1:9001', 'https://10.0.0.1:9002']);
	});

	it('knows IPv6', async () => {
		const resolver = { addresses: async () => ['fd00::1'], services: async () => [] };
		const found = await resolveHosts({ type: 'dns', url: 'http://gpu.test:9000' }, resolver);
		expect(found).toEqual(['http://[fd00::1]:9000']);
	});
});

describe('watchHosts', () => {
	it('tells who came and who went, and takes a name without an answer for no news', async () => {
		const zone: Zone = new Map([['gpu.test', { a: ['10.0.0.1', '10.0.0.2'] }]]);
		const resolver = await setUp(zone);
		const abort = new AbortController();
		const log = recordingLog();
		const changes: unknown[] = [];
		// What the name answers after each change, and after each warning.
		const next = [() => zone.delete('gpu.test'), () => zone.set('gpu.test', { a: ['10.0.0.2', '10.0.0.3'] })];
		const step = () => (next.length === 0 ? abort.abort() : next.shift()?.());
		await watchHosts(
			{ type: 'dns', url: 'http://gpu.test:9000' },
			{
				refreshMs: 1,
				resolver,
				log: {
					...log,
					warn(fields, message) {
						log.warn(fields, message);
						step();
					},
				},
				signal: abort.signal,
				onChange(change) {
					changes.push(change);
					step();
				},
			},
		);
		expect(changes).toEqual([
			{ joined: ['http://10.0.0.1:9000', 'http://10.0.0.2:9000'], left: [] },
			{ joined: ['http://10.0.0.3:9000'], left: ['http://10.0.0.1:9000'] },
		]);
		expect(log.entries.filter(({ message }) => message === 'name not resolved')).toHaveLength(1);
	});
});
