import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRemotes } from '../../src/cli/read-remotes.ts';
import { parseConfig } from '../../src/config/load-config.ts';
import { tokenizerFiles } from '../support/fake-openai-endpoint.ts';

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'retort-remotes-'));
	writeFileSync(join(folder, 'token'), '0123456789abcdef\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

const read = (host: string, server = '', environment = {}) =>
	readRemotes(parseConfig(`${server}models: {a: {hosts: [${host}]}}\n`, 'c.yaml'), environment).get('a');

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

	it('reads what an OpenAI-compatible endpoint has to be told: its model, key and tokens', () => {
		const model = join(folder, 'model');
		mkdirSync(model);
		writeFileSync(join(model, 'tokenizer.json'), tokenizerFiles.tokenizer);
		writeFileSync(join(model, 'tokenizer_config.json'), tokenizerFiles.tokenizerConfig);
		writeFileSync(join(model, 'chat_template.jinja'), 'newer');
		const host = `{url: "https://cloud/api/v1", kind: openai, servedName: r1, tokenizer: ${model}, tokenEnv: CLOUD_KEY}`;
		const [remote] = read(host, '', { CLOUD_KEY: 'sk-0123456789abcdef' }) ?? [];
		expect(remote).toMatchObject({
			where: { url: 'https://cloud/api/v1' },
			token: 'sk-0123456789abcdef',
			engine: { kind: 'openai', model: 'r1', slots: 4, contextTokens: null, tokenizer: { chatTemplate: 'newer' } },
		});
		expect(read(`{url: "http://a", kind: openai, tokenizer: ${model}}`)).toMatchObject([{ engine: { model: 'a' } }]);
		expect(() => read(host, '', { CLOUD_KEY: 'short' })).toThrow(/^CLOUD_KEY: a token is one line/);
		expect(() => read(host)).toThrow(/CLOUD_KEY is not set/);
		expect(() => read(`{url: "http://a", kind: openai, tokenizer: ${folder}}`)).toThrow(
			/tokenizer\.json: cannot be read/,
		);
		expect(() => read(host, 'server: {gateways: 2}\n')).toThrow(/kind openai are for one gateway process/);
	});

	it('refuses llama-server behind several gateway processes, which would share its slots', () => {
		const host = '{url: "http://gpu:1", kind: llama-server}';
		expect(read(host)).toMatchObject([{ engine: { kind: 'llama-server' } }]);
		expect(() => read(host, 'server: {gateways: 2}\n')).toThrow(/server\.gateways \(--gateways\) has to be 1/);
	});
});
