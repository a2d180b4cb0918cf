import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerSettings } from '../../src/cli/worker-settings.ts';
import { parseConfig } from '../../src/config/load-config.ts';

let folder: string;
let tokenFile: string;
const crt = new URL('../fixtures/tls/worker.crt', import.meta.url).pathname;
const key = new URL('../fixtures/tls/worker.key', import.meta.url).pathname;
const ca = new URL('../fixtures/tls/ca.crt', import.meta.url).pathname;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'retort-settings-'));
	tokenFile = join(folder, 'token');
	writeFileSync(tokenFile, '0123456789abcdef\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

const two = 'models: {a: {source: a.gguf, slots: 9}, b: {source: b.gguf}}\n';

describe('the settings of a worker', () => {
	it('come from the configuration, flags on top', () => {
		const config = parseConfig(`${two}worker: {listen: "unix:/w.sock", model: a}\n`, 'c.yaml');
		expect(workerSettings({}, config)).toMatchObject({ listen: 'unix:/w.sock', name: 'a', source: 'a.gguf', slots: 9 });
		const changed = workerSettings({ listen: 'unix:/x.sock', name: 'b', slots: 2 }, config);
		expect(changed).toMatchObject({ listen: 'unix:/x.sock', name: 'b', source: 'b.gguf', slots: 2, batchTokens: null });
	});

	it('take the only model there is, and ask where there are several', () => {
		const one = parseConfig('models: {a: {source: a.gguf}}\n', 'c.yaml');
		expect(workerSettings({ listen: 'unix:/w' }, one)).toMatchObject({ name: 'a' });
		expect(() => workerSettings({ listen: 'unix:/w' }, parseConfig(two, 'c.yaml'))).toThrow(/has to be one of a, b/);
		expect(() => workerSettings({ listen: 'unix:/w', name: 'c' }, parseConfig(two, 'c.yaml'))).toThrow(/one of a, b/);
	});

	it('tell gateways of the worker where it has a token for it and a port', () => {
		const flags = { listen: 'tcp://0.0.0.0:9000', model: 'm.gguf', tokenFile };
		expect(workerSettings(flags).announce).toBeNull();
		const announce = ['http://gateway:8080', 'https://other:8443/'];
		const told = { gateways: announce, url: null, token: '0123456789abcdef' };
		expect(workerSettings({ ...flags, announce }).announce).toEqual(told);
		const config = parseConfig('worker: {announce: ["http://a:1"], announceUrl: "http://b:2"}\n', 'c.yaml');
		expect(workerSettings(flags, config).announce).toMatchObject({ gateways: ['http://a:1'], url: 'http://b:2' });
		const bad = (changes: object) => () => workerSettings({ ...flags, announce, ...changes });
		expect(bad({ announce: ['gateway:8080'] })).toThrow(/not gateway:8080/);
		expect(bad({ announce: ['http://gateway:8080/v1'] })).toThrow(/--announce takes a gateway's/);
		expect(bad({ listen: 'unix:/w' })).toThrow(/a worker on TCP/);
		expect(() => workerSettings({ listen: 'tcp://127.0.0.1:1', model: 'm.gguf', announce })).toThrow(
			/takes --token-file/,
		);
	});

	it('read the token and the certificates', () => {
		const flags = { listen: 'tcp://0.0.0.0:9000', model: 'm.gguf', tokenFile, tlsCert: crt, tlsKey: key };
		const { guard } = workerSettings(flags);
		expect(guard.token).toBe('0123456789abcdef');
		expect(guard.tls?.cert).toContain('BEGIN CERTIFICATE');
		expect(guard.tls?.clientCa).toBeNull();
	});

	it.each([{}, { tlsCert: crt, tlsKey: key }])('refuse to listen beyond loopback with %j alone', (flags) => {
		expect(() => workerSettings({ listen: 'tcp://0.0.0.0:9000', model: 'm.gguf', ...flags })).toThrow(
			/refusing to listen on 0\.0\.0\.0 unguarded/,
		);
		expect(workerSettings({ listen: 'tcp://127.0.0.1:9000', model: 'm.gguf', ...flags }).name).toBe('m');
	});

	it('let a worker listen anywhere that asks for a token, or for a certificate', () => {
		const open = { listen: 'tcp://[::]:9000', model: 'm.gguf' };
		expect(workerSettings({ ...open, tokenFile }).guard.token).not.toBeNull();
		const mutual = { tlsCert: crt, tlsKey: key, tlsClientCa: ca };
		expect(workerSettings({ ...open, ...mutual }).guard.tls?.clientCa).toContain('BEGIN CERTIFICATE');
	});

	it('name the file of a token that is none, and never what is in it', () => {
		const path = join(folder, 'bad');
		writeFileSync(path, 'secret word');
		const refused = () => workerSettings({ listen: 'unix:/w', model: 'm.gguf', tokenFile: path });
		expect(refused).toThrow(`${path}: a token is one line`);
		expect(refused).not.toThrow(/secret/);
		expect(() => workerSettings({ listen: 'unix:/w', model: 'm.gguf', tokenFile: '/none' })).toThrow(/cannot be read/);
		expect(() => workerSettings({ listen: 'unix:/w', model: 'm.gguf', tlsCert: crt })).toThrow(/both --tls-cert/);
	});
});
