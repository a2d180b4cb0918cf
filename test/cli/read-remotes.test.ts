import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRemotes } from '../../src/cli/read-remotes.ts';
import { parseConfig } from '../../src/config/load-config.ts';

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'retort-remotes-'));
	writeFileSync(join(folder, 'token'), '0123456789abcdef\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

const read = (host: string, server = '') =>
	readRemotes(parseConfig(`${server}models: {a: {hosts: [${host}]}}\n`, 'c.yaml')).get('a');

describe('readRemotes', () => {
	it('reads where a host is, and its token', () => {
		const bare = { refreshMs: 10_000, token: null, tls: null, engine: { kind: 'retort' } };
		expect(read('{url: "http://gpu:1"}')).toEqual([{ ...bare, where: { type: 'url', url: 'http://gpu:1' } }]);
		expect(read('{dns: "http://gpu:1", refreshSeconds: 2}')).toEqual([
			{ ...bare, where: { type: 'dns', url: 'http://gpu:1' }, refreshMs: 2000 },
		]);
		const ca = new URL('../fixtures/tls/ca.crt', import.meta.url).pathname;
		const [guarded] = read(`{srv: "https://_w._tcp.gpu", tokenFile: ${folder}/token, tls: {caFile: ${ca}}}`) ?? [];
		expect(guarded).toMatchObject({ where: { type: 'srv' }, token: '0123456789abcdef', tls: { cert: null } });
		expect(guarded?.tls?.ca).toContain('BEGIN CERTIFICATE');
	});

	it('refuses llama-server behind several gateway processes, which would share its slots', () => {
		const host = '{url: "http://gpu:1", kind: llama-server}';
		expect(read(host)).toMatchObject([{ engine: { kind: 'llama-server' } }]);
		expect(() => read(host, 'server: {gateways: 2}\n')).toThrow(/server\.gateways \(--gateways\) has to be 1/);
	});
});
