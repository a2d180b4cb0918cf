// Workers that are restarted and a server that is ended, under load: npm run check:restarts -- [rolling restarts].
// Two workers restarted one after the other, again and again: every stream whole. Then SIGTERM: with a hundred idle
// connections it ends at once, with 200 streams each ends whole or is told.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, type RetortServer, runRetort, startRetort } from '../../test/support/retort-server.ts';
import { endlessQuestion, type StreamOutcome, streamChat, sumQuestion } from '../../test/support/stream-chat.ts';

const rounds = Number(process.argv[2] ?? 10);
const CLIENTS = 16;
const STREAMS = 200;
const DRAIN_SECONDS = 8;
/** Goodbyes, and a busy machine. */
const SPARE_MS = 2000;
let isRight = true;

function check(what: string, isSo: boolean): void {
	isRight &&= isSo;
	console.log(`${isSo ? 'ok' : 'FAILED'}: ${what}`);
}

const isWhole = ({ status, sawDone, error }: StreamOutcome) => status === 200 && sawDone && error === null;

async function rollingRestarts(): Promise<void> {
	const server = await startRetort(['--workers', '2', '--slots', '8', '--log-level', 'info']);
	try {
		const outcomes: StreamOutcome[] = [];
		let isOver = false;
		const clients = Array.from({ length: CLIENTS }, async (_, client) => {
			for (let turn = 0; !isOver; turn += 1)
				outcomes.push(await streamChat(server.url, sumQuestion(10 + client, turn % 90)));
		});
		let failed = 0;
		for (let round = 0; round < rounds; round += 1) {
			const { code } = await runRetort(['restart', '--rolling', '--url', server.url]).exited;
			if (code !== 0) failed += 1;
		}
		isOver = true;
		await Promise.all(clients);
		const restarts = server.logs().filter(({ msg }) => msg === 'worker restarts').length;
		const whole = outcomes.filter(isWhole).length;
		check(
			`${restarts} restarts in ${rounds} rolling ones: ${whole} of ${outcomes.length} streams whole, no client sent one again`,
			failed === 0 && restarts === 2 * rounds && whole === outcomes.length,
		);
	} finally {
		await server.stop();
	}
}

/** From the signal until the process is gone, and its workers with it. */
async function end(server: RetortServer): Promise<{ ms: number; code: number | null; orphans: number }> {
	const startedMs = performance.now();
	server.process.kill('SIGTERM');
	const { code } = await server.exited;
	const ms = performance.now() - startedMs;
	return { ms, code, orphans: [...server.workerPids().values()].filter(isAlive).length };
}

async function endsIdle(): Promise<void> {
	const server = await startRetort(['--log-level', 'info']);
	const sockets = await Promise.all(
		Array.from({ length: 100 }, async () => {
			const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
			socket.on('error', () => {}); // closed by the end
			await once(socket, 'connect');
			socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
			await once(socket, 'data');
			return socket;
		}),
	);
	const { ms, code, orphans } = await end(server);
	for (const socket of sockets) socket.destroy();
	check(
		`SIGTERM with 100 idle connections: exit ${code} after ${ms.toFixed()} ms (promised: 200), ${orphans} orphans`,
		ms < 200 && code === 0 && orphans === 0,
	);
}

async function endsUnderStreams(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'retort-restarts-'));
	const config = join(folder, 'retort.json');
	writeFileSync(config, JSON.stringify({ server: { drainSeconds: DRAIN_SECONDS }, queue: { maxLength: STREAMS } }));
	try {
		const server = await startRetort(['--config', config, '--slots', '32', '--context', '1024', '--log-level', 'info']);
		let begun: () => void = () => {};
		const hasBegun = new Promise<void>((resolve) => {
			begun = resolve;
		});
		// Some end within the grace, some are too long, and most wait for a slot when the signal comes.
		const streams = Array.from({ length: STREAMS }, (_, index) =>
			streamChat(server.url, endlessQuestion(index % 2 === 0 ? 200 : 900), { onText: () => begun() }),
		);
		await hasBegun;
		const { ms, code, orphans } = await end(server);
		const outcomes = await Promise.all(streams);
		const whole = outcomes.filter(isWhole).length;
		const told = outcomes.filter(({ error, sawDone }) => error !== null && !sawDone).length;
		check(
			`SIGTERM under ${STREAMS} streams: ${whole} whole, ${told} told, ${STREAMS - whole - told} cut without a word; ` +
				`exit ${code} after ${(ms / 1000).toFixed(1)} s (grace ${DRAIN_SECONDS} s), ${orphans} orphans`,
			whole + told === STREAMS && code === 0 && orphans === 0 && ms < DRAIN_SECONDS * 1000 + SPARE_MS,
		);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

await rollingRestarts();
await endsIdle();
await endsUnderStreams();
console.log(isRight ? 'OK' : 'NOT AS PROMISED');
process.exitCode = isRight ? 0 : 1;
