import { randomBytes } from 'node:crypto';
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelsFolder, type ResolveOptions, resolveModelSource } from '../../src/worker/download-model.ts';
import { type FakeHub, type FakeHubOptions, sha256, startFakeHub } from '../support/fake-hub.ts';

const content = Buffer.concat([Buffer.from('GGUF'), randomBytes(12_000_000)]);

let folder: string;
let hub: FakeHub | null = null;
let messages: string[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'retort-models-'));
	messages = [];
});

afterEach(async () => {
	await hub?.close();
	hub = null;
	rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<FakeHubOptions> = {}): Promise<FakeHub> {
	const defaults = { files: { 'model-Q4_K_M.gguf': content }, manifest: { Q4_K_M: 'model-Q4_K_M.gguf' } };
	hub = await startFakeHub({ ...defaults, ...options });
	return hub;
}

function resolveFrom(source: string, options: Partial<ResolveOptions> = {}): Promise<string> {
	const note = (_fields: object, message: string) => void messages.push(message);
	return resolveModelSource(source, {
		environment: { HF_ENDPOINT: hub?.endpoint, RETORT_MODELS: folder },
		sha256: null,
		signal: AbortSignal.timeout(25_000),
		terminal: null,
		log: { info: note, warn: note },
		...options,
	});
}

describe('a model from the hub', () => {
	it('is downloaded through the redirect, checked, and then found without a network', async () => {
		const { seen } = await start();
		const path = await resolveFrom('hf:team/model:Q4_K_M');
		expect(path).toBe(join(folder, 'team_model', 'model-Q4_K_M.gguf'));
		expect(readFileSync(path).equals(content)).toBe(true);
		expect(messages).toContain('model verified');
		expect(readdirSync(join(folder, 'team_model', 'incoming'))).toEqual([]);

		seen.length = 0;
		expect(await resolveFrom('hf:team/model:Q4_K_M')).toBe(path);
		expect(seen).toEqual([]);
	});

	it('can be named by its file', async () => {
		await start();
		const path = await resolveFrom('hf:team/model/model-Q4_K_M.gguf');
		expect(readFileSync(path).equals(content)).toBe(true);
	});

	it('is found under the new name of a renamed repository', async () => {
		await start();
		expect(await resolveFrom('hf:team/old-name/model-Q4_K_M.gguf')).toContain('team_old-name');
	});

	it('arrives in all its parts when it is split', async () => {
		const parts = [1, 2, 3].map((part) => Buffer.concat([Buffer.from('GGUF'), randomBytes(1000 * part)]));
		const names = parts.map((_, index) => `big/m-Q8_0-0000${index + 1}-of-00003.gguf`);
		const files = Object.fromEntries(names.map((name, index) => [name, parts[index] ?? Buffer.alloc(0)]));
		const { seen } = await start({ files, manifest: { Q8_0: names[0] ?? '' } });
		const path = await resolveFrom('hf:team/model:Q8_0');
		expect(path).toBe(join(folder, 'team_model', 'm-Q8_0-00001-of-00003.gguf'));
		for (const [index, part] of parts.entries()) {
			const file = join(folder, 'team_model', `m-Q8_0-0000${index + 1}-of-00003.gguf`);
			expect(readFileSync(file).equals(part)).toBe(true);
		}
		expect(seen.filter(({ server }) => server === 'cdn')).toHaveLength(3);
	});

	it('survives connections that are cut', async () => {
		await start({ cuts: (request) => request < 2 });
		expect(readFileSync(await resolveFrom('hf:team/model:Q4_K_M')).equals(content)).toBe(true);
		expect(messages.filter((message) => message === 'download broke off: going on')).toHaveLength(2);
	});

	it('goes on where an interrupted download stopped', async () => {
		const first = await start({ stalls: true });
		const controller = new AbortController();
		const interrupted = resolveFrom('hf:team/model:Q4_K_M', { signal: controller.signal });
		const partial = join(folder, 'team_model', 'incoming', 'model-Q4_K_M.gguf');
		await expect
			.poll(() => existsSync(partial) && statSync(partial).size, { timeout: 15_000 })
			.toBe(Math.floor(content.length / 2));
		controller.abort();
		await expect(interrupted).rejects.toThrow();
		expect(readdirSync(join(folder, 'team_model', 'incoming'))).toEqual(['model-Q4_K_M.gguf']);
		expect(existsSync(join(folder, 'team_model', '.lock'))).toBe(false);
		await first.close();

		const second = await start();
		expect(readFileSync(await resolveFrom('hf:team/model:Q4_K_M')).equals(content)).toBe(true);
		expect(second.sentBytes()).toBe(Math.ceil(content.length / 2));
	});

	it('sends the token to the hub and to nobody else', async () => {
		const { seen, endpoint } = await start({ token: 'hf_secret' });
		const environment = { HF_ENDPOINT: `${endpoint}/`, HF_TOKEN: 'hf_secret', RETORT_MODELS: folder };
		await resolveFrom('hf:team/model:Q4_K_M', { environment });
		expect(seen.filter(({ server }) => server === 'cdn').map(({ token }) => token)).not.toContain('hf_secret');
		expect(seen.filter(({ server }) => server === 'hub').every(({ token }) => token === 'hf_secret')).toBe(true);
	});

	it('downloads once when two processes want it at the same time', async () => {
		const { seen } = await start();
		const both = await Promise.all([resolveFrom('hf:team/model:Q4_K_M'), resolveFrom('hf:team/model:Q4_K_M')]);
		expect(both[0]).toBe(both[1]);
		expect(seen.filter(({ server, method }) => server === 'hub' && method === 'HEAD')).toHaveLength(1);
		expect(messages).toContain('another process is downloading this model: waiting');
	});

	it('takes over the lock of a process that died', async () => {
		await start();
		await resolveFrom('hf:team/model/model-Q4_K_M.gguf'); // makes the folder
		const lock = join(folder, 'team_model', '.lock');
		writeFileSync(lock, 'gone');
		utimesSync(lock, new Date(0), new Date(0));
		expect(await resolveFrom('hf:team/model:Q4_K_M')).toContain('model-Q4_K_M.gguf');
	});
});

describe('a download that fails', () => {
	it('names the token when the hub wants one', async () => {
		await start({ token: 'hf_secret' });
		await expect(resolveFrom('hf:team/model:Q4_K_M')).rejects.toMatchObject({
			code: 'download_failed',
			message: expect.stringContaining('set HF_TOKEN'),
		});
		const environment = { HF_ENDPOINT: hub?.endpoint, HF_TOKEN: 'hf_wrong', RETORT_MODELS: folder };
		await expect(resolveFrom('hf:team/model:Q4_K_M', { environment })).rejects.toThrow(/HF_TOKEN is not a token/);
	});

	it('says that there is no such quantisation, or file', async () => {
		await start();
		await expect(resolveFrom('hf:team/model:Q9')).rejects.toThrow(/has no Q9 of team\/model/);
		await expect(resolveFrom('hf:team/model/other.gguf')).rejects.toThrow(/has no team\/model\/other\.gguf/);
	});

	it('says that the hub cannot be reached', async () => {
		const environment = { HF_ENDPOINT: 'http://127.0.0.1:9', RETORT_MODELS: folder };
		await expect(resolveFrom('hf:team/model:Q4_K_M', { environment })).rejects.toThrow(
			/127\.0\.0\.1:9.*cannot be reached/,
		);
	});

	it('gives up after several attempts that bring nothing, and keeps what came before', async () => {
		const { seen } = await start({ cuts: (request) => request === 0, expires: (request) => request > 0 });
		await expect(resolveFrom('hf:team/model:Q4_K_M', { waitsMs: [0, 0, 0] })).rejects.toMatchObject({
			code: 'download_failed',
			message: 'model-Q4_K_M.gguf could not be downloaded; the part that came is kept',
		});
		// One that was cut, and one after each wait.
		expect(seen.filter(({ server }) => server === 'cdn')).toHaveLength(4);
		const partial = readFileSync(join(folder, 'team_model', 'incoming', 'model-Q4_K_M.gguf'));
		expect(partial.equals(content.subarray(0, partial.length))).toBe(true);
	});

	it('sets a file with the wrong hash aside and does not serve it', async () => {
		await start({ announcedHash: 'a'.repeat(64) });
		await expect(resolveFrom('hf:team/model:Q4_K_M')).rejects.toMatchObject({
			code: 'download_failed',
			message: expect.stringContaining('.mismatch'),
		});
		expect(readdirSync(join(folder, 'team_model', 'incoming'))).toEqual(['model-Q4_K_M.gguf.mismatch']);
		expect(existsSync(join(folder, 'team_model', 'model-Q4_K_M.gguf'))).toBe(false);
	});

	it('warns when the hub tells no hash', async () => {
		await start({ announcedHash: null });
		await resolveFrom('hf:team/model:Q4_K_M');
		expect(messages).toContain('the hub tells no SHA-256 for this file: it is not verified');
	});
});

describe('a model from a file', () => {
	it('has to exist, and to be a GGUF file', async () => {
		await expect(resolveFrom(join(folder, 'absent.gguf'))).rejects.toMatchObject({
			code: 'config_error',
			message: expect.stringContaining('absent.gguf cannot be read'),
		});
		writeFileSync(join(folder, 'text.gguf'), 'no model');
		await expect(resolveFrom(join(folder, 'text.gguf'))).rejects.toThrow(/is not a GGUF file/);
	});

	it('has to have the hash that the configuration names', async () => {
		const path = join(folder, 'model.gguf');
		writeFileSync(path, content);
		expect(await resolveFrom(path, { sha256: sha256(content) })).toBe(path);
		await expect(resolveFrom(path, { sha256: 'b'.repeat(64) })).rejects.toMatchObject({ code: 'config_error' });
	});
});

describe('modelsFolder', () => {
	it('is RETORT_MODELS, or below the cache folder of the user', () => {
		expect(modelsFolder({ RETORT_MODELS: '/srv/models' })).toBe('/srv/models');
		expect(modelsFolder({ XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/retort/models');
		expect(modelsFolder({})).toMatch(/\/\.cache\/retort\/models$/);
	});
});
