import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { poolReportSchema } from '../../src/protocol/admin-api.ts';
import { type RetortServer, runRetort, startRetort } from '../support/retort-server.ts';
import { streamChat, sumQuestion } from '../support/stream-chat.ts';

const model = resolve('models/pocket-reasoner/pocket-reasoner-q8_0.gguf');
let folder: string;
let server: RetortServer;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'retort-announcing-'));
	writeFileSync(join(folder, 'token'), '0123456789abcdef\n');
	const config = join(folder, 'gateway.yaml');
	writeFileSync(
		config,
		`models: {pocket-reasoner: {source: ${model}}}\nannouncements: {tokenFile: ${folder}/token}\nserver: {gateways: 2}\n`,
	);
	server = await startRetort(['--config', config]);
});

afterAll(async () => {
	await server.stop();
	rmSync(folder, { recursive: true });
});

async function workers(): Promise<{ id: string; state: string }[]> {
	return poolReportSchema.parse(await (await fetch(`${server.url}/admin/pool`)).json()).workers;
}

it('a worker joins the gateways that it tells of itself, serves, and leaves when it ends', async () => {
	const token = ['--token-file', join(folder, 'token')];
	const listen = ['--listen', 'tcp://127.0.0.1:0', '--model', model, '--name', 'pocket-reasoner'];
	const { child, exited } = runRetort(['worker', ...listen, ...token, '--announce', server.url]);
	const states = async () => (await workers()).map(({ state }) => state);
	await expect.poll(states, { timeout: 30_000 }).toEqual(['ready', 'ready']);
	const [own, announced] = await workers();
	expect(announced?.id).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
	await fetch(`${server.url}/admin/drain`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ worker: own?.id }),
	});
	expect(await streamChat(server.url, sumQuestion(1, 2))).toMatchObject({ status: 200, sawDone: true, error: null });
	child.kill('SIGTERM');
	expect((await exited).code).toBe(0);
	expect((await workers()).map(({ id }) => id)).toEqual([own?.id]);
});
