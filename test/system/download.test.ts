import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeHub, type FakeHubOptions, startFakeHub } from '../support/fake-hub.ts';
import { runRetort, startRetort } from '../support/retort-server.ts';
import { streamChat, sumQuestion } from '../support/stream-chat.ts';

const pocket = readFileSync(new URL('../../models/pocket-reasoner/pocket-reasoner-q8_0.gguf', import.meta.url));
/** No model, but it need not load here. */
const large = Buffer.concat([Buffer.from('GGUF'), randomBytes(12_000_000)]);

let models: string;
let hub: FakeHub;

beforeEach(() => {
	models = mkdtempSync(join(tmpdir(), 'retort-models-'));
});

afterEach(async () => {
	await hub.close();
	rmSync(models, { recursive: true, force: true });
});

async function withHub(content: Buffer, options: Partial<FakeHubOptions> = {}) {
	hub = await startFakeHub({ files: { 'm-Q4_K_M.gguf': content }, manifest: { Q4_K_M: 'm-Q4_K_M.gguf' }, ...options });
	return { HF_ENDPOINT: hub.endpoint, RETORT_MODELS: models };
}

const ARGS = ['--model', 'hf:team/model:Q4_K_M', '--name', 'pocket-reasoner'];

describe('--model hf:', () => {
	it('downloads, verifies and serves', async () => {
		const server = await startRetort(ARGS, { env: await withHub(pocket) });
		try {
			expect(server.logs().map(({ msg }) => msg)).toEqual(
				expect.arrayContaining(['downloading model', 'model verified']),
			);
			expect(await streamChat(server.url, sumQuestion(17, 25))).toMatchObject({
				content: '17 + 25 = 42',
				sawDone: true,
			});
		} finally {
			await server.stop();
		}
	});

	it('keeps what it has at Ctrl-C, and goes on from there', async () => {
		const first = runRetort(['--port', '0', ...ARGS], { env: await withHub(large, { stalls: true }) });
		const partial = join(models, 'team_model', 'incoming', 'm-Q4_K_M.gguf');
		const half = Math.floor(large.length / 2);
		await expect.poll(() => existsSync(partial) && statSync(partial).size, { timeout: 20_000 }).toBe(half);
		first.child.kill('SIGINT');
		expect(await first.exited).toEqual({ code: 0, signal: null });
		await hub.close();

		// Its signed address expires once more on the way.
		const env = await withHub(large, { expires: (request) => request === 0 });
		const second = runRetort(['--port', '0', ...ARGS], { env });
		await expect.poll(second.stderr, { timeout: 20_000 }).toContain('model verified');
		second.child.kill('SIGTERM');
		await second.exited;
		expect(second.stderr()).toContain('download broke off: going on');
		expect(readFileSync(join(models, 'team_model', 'm-Q4_K_M.gguf')).equals(large)).toBe(true);
		expect(hub.sentBytes()).toBe(large.length - half);
	});

	it('ends with 1 and says why when the hub does not have it', async () => {
		const env = await withHub(pocket);
		const { exited, stderr } = runRetort(['--model', 'hf:team/model:Q9'], { env });
		expect(await exited).toEqual({ code: 1, signal: null });
		expect(stderr()).toContain('has no Q9 of team/model');
	});
});
