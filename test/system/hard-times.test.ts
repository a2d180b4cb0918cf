import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type RetortServer, startRetort } from '../support/retort-server.ts';
import { streamChat, sumQuestion } from '../support/stream-chat.ts';

let server: RetortServer | null = null;

afterEach(async () => {
	await server?.stop();
	server = null;
});

const whole = { status: 200, finishReason: 'stop', sawDone: true, error: null };

it('a log and a banner that nobody reads any more end nothing, the death of a worker included', async () => {
	server = await startRetort(['--slots', '2']);
	const [worker = 0] = server.workerPids().values();
	server.process.stdout?.destroy();
	server.process.stderr?.destroy();
	expect(await streamChat(server.url, sumQuestion(1, 2))).toMatchObject(whole);
	process.kill(worker, 'SIGKILL');
	await expect
		.poll(() => server && streamChat(server.url, sumQuestion(3, 4)), { timeout: 20_000 })
		.toMatchObject(whole);
	server.process.kill('SIGTERM');
	expect(await server.exited).toEqual({ code: 0, signal: null });
});

it.skipIf(process.platform !== 'linux')('a full disk under the log ends nothing', async () => {
	server = await startRetort(['--slots', '2', '--log-level', 'debug'], { shell: 'exec "$0" "$@" 2>/dev/full' });
	for (let turn = 0; turn < 3; turn += 1)
		expect(await streamChat(server.url, sumQuestion(turn, 2))).toMatchObject(whole);
	server.process.kill('SIGTERM');
	expect(await server.exited).toEqual({ code: 0, signal: null });
});

it.skipIf(process.platform !== 'linux')(
	'without a descriptor left it turns clients away, says little about it, and serves again when there is one',
	async () => {
		server = await startRetort(['--slots', '2']);
		const { url, logs, process: gateway } = server;
		execFileSync('prlimit', ['--pid', String(gateway.pid), '--nofile=96']);
		const port = Number(new URL(url).port);
		const sockets: Socket[] = [];
		let turnedAway = 0;
		while (turnedAway < 50) {
			const socket = connect(port, '127.0.0.1');
			socket
				.on('error', () => {})
				.once('close', () => {
					turnedAway += 1;
				});
			sockets.push(socket);
			await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
		}
		expect(sockets.length).toBeLessThan(400);
		for (const socket of sockets) socket.destroy();
		await expect.poll(() => streamChat(url, sumQuestion(1, 2)), { timeout: 10_000 }).toMatchObject(whole);
		expect(logs().length).toBeLessThan(30);
	},
);
