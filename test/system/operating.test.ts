import { afterEach, expect, it } from 'vitest';
import { poolReportSchema } from '../../src/protocol/admin-api.ts';
import { type RetortServer, runRetort, startRetort } from '../support/retort-server.ts';
import { type StreamOutcome, streamChat, sumQuestion } from '../support/stream-chat.ts';

let server: RetortServer | null = null;

afterEach(async () => {
	await server?.stop();
	server = null;
});

/** One verb against the running server, to its end. */
async function cli(...args: string[]) {
	const { exited, stdout, stderr } = runRetort([...args, '--url', server?.url ?? '']);
	return { ...(await exited), stdout: stdout(), stderr: stderr() };
}

it('a rolling restart under load fails no request, and ps shows it', async () => {
	server = await startRetort(['--workers', '2']);
	const { url } = server;
	const before = server.workerPids();
	let isOver = false;
	const outcomes: StreamOutcome[] = [];
	const clients = [1, 2, 3, 4].map(async (client) => {
		for (let turn = 0; !isOver; turn += 1) outcomes.push(await streamChat(url, sumQuestion(10 + client, 20 + turn)));
	});
	const restarted = await cli('restart', '--rolling');
	isOver = true;
	await Promise.all(clients);
	expect(restarted).toMatchObject({ code: 0, stderr: '' });
	expect(outcomes.length).toBeGreaterThan(4);
	expect(outcomes.filter(({ status, sawDone, error }) => status !== 200 || !sawDone || error !== null)).toEqual([]);

	const report = poolReportSchema.parse(JSON.parse((await cli('ps', '--json')).stdout));
	expect(report.workers.map(({ restarts, state }) => [restarts, state])).toEqual([
		[1, 'ready'],
		[1, 'ready'],
	]);
	expect(report.workers.map(({ id, pid }) => before.get(id) !== pid)).toEqual([true, true]);
	expect((await cli('ps')).stdout).toMatch(/^retort .*\nWORKER .*\npocket-reasoner\/0 .* ready .*\n/);
});

it('drain and undrain name a worker that there is, and say so when there is none', async () => {
	server = await startRetort();
	const drained = await cli('drain', 'pocket-reasoner/0');
	expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('drained') });
	expect((await streamChat(server.url, sumQuestion(1, 2))).status).toBe(503);
	expect(await cli('undrain', 'pocket-reasoner/0')).toMatchObject({ code: 0 });
	expect((await streamChat(server.url, sumQuestion(1, 2))).status).toBe(200);
	expect(await cli('drain', 'other/3')).toMatchObject({
		code: 1,
		stderr: expect.stringContaining('no worker `other/3`'),
	});
	expect(await cli('restart')).toMatchObject({ code: 2, stderr: expect.stringContaining('--rolling') });
});
