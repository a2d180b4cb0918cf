import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { poolReportSchema } from '../../src/protocol/admin-api.ts';
import { isAlive, type RetortServer, startRetort } from '../support/retort-server.ts';
import { streamChat, sumQuestion } from '../support/stream-chat.ts';

const folder = mkdtempSync(join(tmpdir(), 'outlive-'));
const servers: RetortServer[] = [];
const pids = new Set<number>();

afterEach(async () => {
	for (const server of servers.splice(0)) await server.stop();
	for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
	rmSync(folder, { recursive: true, force: true });
});

async function start(port: number, outliveSeconds: number, slots = 2): Promise<RetortServer & { worker: number }> {
	const config = join(folder, 'outlive.yaml');
	writeFileSync(config, JSON.stringify({ server: { port }, workers: { outliveSeconds } }));
	const server = await startRetort(['--config', config, '--port', String(port), '--slots', String(slots)]);
	servers.push(server);
	const { workers } = poolReportSchema.parse(await (await fetch(`${server.url}/admin/pool`)).json());
	const worker = workers[0]?.pid ?? 0;
	pids.add(worker);
	return { ...server, worker };
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	return typeof address === 'object' && address !== null ? address.port : 0;
}

it('workers live on when their server ends, however it ends, and the next one serves with them at once', async () => {
	const port = await freePort();
	const first = await start(port, 60);
	first.process.kill('SIGTERM');
	expect(await first.exited).toEqual({ code: 0, signal: null });
	expect(isAlive(first.worker)).toBe(true);

	const second = await start(port, 60);
	expect(second.worker).toBe(first.worker);
	expect(await streamChat(second.url, sumQuestion(17, 25))).toMatchObject({ status: 200, sawDone: true, error: null });
	second.process.kill('SIGKILL');
	await second.exited;
	expect(isAlive(first.worker)).toBe(true);

	const third = await start(port, 60);
	expect(third.worker).toBe(first.worker);
	third.process.kill('SIGTERM');
	await third.exited;

	// Started with other options than it would be now: replaced. And nobody comes for this one.
	const last = await start(port, 1, 3);
	expect(last.worker).not.toBe(first.worker);
	await expect.poll(() => isAlive(first.worker)).toBe(false);
	last.process.kill('SIGTERM');
	await last.exited;
	await expect.poll(() => isAlive(last.worker), { timeout: 20_000 }).toBe(false);
});
