// Clients that drip their requests and clients that read a byte a second or nothing, beside one that behaves:
// npm run check:slow-clients. The built server with the patience that it has by default: 15 s for headers, 30 s for a whole
// request, 30 s for a reader.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startRetort } from '../../test/support/retort-server.ts';
import { streamChat, sumQuestion } from '../../test/support/stream-chat.ts';
import { quantile } from './quantile.ts';

const DRIPPING = 250;
const READERS = 8;
/** Late requests are looked for every 5 s; the rest is for a busy machine. */
const LATE_MS = 8000;
const server = await startRetort(['--slots', '12', '--log-level', 'warn']);
const port = Number(new URL(server.url).port);
const post = 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
/** Twenty log-probabilities a token: more than the kernel's buffers hold, in a second. */
const flood = JSON.stringify({
	model: 'pocket-reasoner',
	messages: [{ role: 'user', content: 'What is 17+25?' }],
	stream: true,
	max_tokens: 3900,
	logprobs: true,
	top_logprobs: 20,
	logit_bias: { 754: -100 },
});

/** From its first byte until it is cut off. */
async function drips(start: string): Promise<number> {
	const startedMs = performance.now();
	const socket = connect(port, '127.0.0.1');
	socket.on('error', () => {}); // cut off while it writes
	socket.on('data', () => {}); // the answer that tells it why
	socket.write(start);
	const drip = setInterval(() => socket.write('a'), 1000);
	await new Promise((resolve) => socket.once('close', resolve));
	clearInterval(drip);
	return performance.now() - startedMs;
}

/** How long it takes to write all that those are sent who read slowly, to as many who read at once: an upper bound. */
async function fillMs(): Promise<number> {
	const startedMs = performance.now();
	const all = Array.from({ length: READERS }, async () => {
		const headers = { 'content-type': 'application/json' };
		const response = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', headers, body: flood });
		await response.arrayBuffer();
	});
	await Promise.all(all);
	return performance.now() - startedMs;
}

/** Half of them read a byte a second, half nothing at all; until none holds a slot. They are not told of it: they do not read. */
async function readSlowly(): Promise<number> {
	const startedMs = performance.now();
	const sockets = Array.from({ length: READERS }, () => {
		// One byte leaves the kernel, and then none until it is asked for.
		const onread = { buffer: new Uint8Array(1), callback: () => false };
		const socket = connect({ port, host: '127.0.0.1', onread });
		socket.on('error', () => {}); // cut off
		socket.write(`${post}Content-Length: ${flood.length}\r\n\r\n${flood}`);
		return socket;
	});
	const reading = setInterval(() => {
		for (const socket of sockets.slice(0, READERS / 2)) socket.resume();
	}, 1000);
	while ((await busySlots()) < READERS) await delay(50);
	while ((await busySlots()) > 1) await delay(250); // the one that behaves
	clearInterval(reading);
	for (const socket of sockets) socket.destroy();
	return performance.now() - startedMs;
}

async function busySlots(): Promise<number> {
	const text = await (await fetch(`${server.url}/metrics`)).text();
	const lines = text.split('\n').filter((line) => line.startsWith('retort_slots_busy{'));
	return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const residentMiB = () =>
	Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) / 1024;

/** The one that behaves, until told to stop: how long its answers took, and how many were none. */
async function behave(until: () => boolean): Promise<{ ms: number[]; failed: number; peakMiB: number }> {
	const ms: number[] = [];
	let failed = 0;
	let peakMiB = 0;
	while (!until()) {
		const outcome = await streamChat(server.url, sumQuestion(ms.length % 90, 7));
		if (!outcome.sawDone) failed += 1;
		ms.push(outcome.totalMs);
		peakMiB = Math.max(peakMiB, residentMiB());
		await delay(100);
	}
	return { ms, failed, peakMiB };
}

try {
	const aloneUntilMs = performance.now() + 10_000;
	const alone = await behave(() => performance.now() > aloneUntilMs);
	const writtenMs = await fillMs();
	let isOver = false;
	const beside = behave(() => isOver);
	const many = (start: string) => Promise.all(Array.from({ length: DRIPPING }, () => drips(start)));
	const [headers, bodies, readersMs] = await Promise.all([
		many(`${post}X-Slow: `),
		many(`${post}Content-Length: 9999\r\n\r\n{`),
		readSlowly(),
	]);
	isOver = true;
	const { ms, failed, peakMiB } = await beside;
	const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`;
	const spread = (values: number[]) => `${seconds(quantile(values, 0.5))}, ${seconds(Math.max(...values))} at most`;
	const times = (values: number[]) =>
		`p50 ${quantile(values, 0.5).toFixed()} ms, p99 ${quantile(values, 0.99).toFixed()} ms`;
	console.log(
		`${DRIPPING} that drip their headers: cut off after ${spread(headers)} (promised: 15 s, looked for every 5 s)`,
	);
	console.log(
		`${DRIPPING} that drip their body: cut off after ${spread(bodies)} (promised: 30 s, looked for every 5 s)`,
	);
	console.log(
		`${READERS} that read a byte a second or nothing: none holds a slot after ${seconds(readersMs)} (promised: 30 s without room; to write all to readers takes ${seconds(writtenMs)})`,
	);
	console.log(
		`the gateway's memory: ${alone.peakMiB.toFixed()} MiB alone, ${peakMiB.toFixed()} MiB at most beside all of them`,
	);
	console.log(`one that behaves: ${times(alone.ms)} alone, ${times(ms)} beside them; ${failed} of ${ms.length} failed`);
	const isRight =
		Math.max(...headers) < 15_000 + LATE_MS &&
		Math.max(...bodies) < 30_000 + LATE_MS &&
		readersMs < writtenMs + 30_000 + LATE_MS &&
		failed === 0;
	console.log(isRight ? 'OK' : 'NOT AS PROMISED');
	process.exitCode = isRight ? 0 : 1;
} finally {
	await server.stop();
}
