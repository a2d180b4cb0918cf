// Ten times what the server can do, by clients that do not wait for one another: npm run check:overload -- [seconds] [times].
// What is done in that time has to be what it could do at its best, and who is refused has to know at once. Clients are a
// process of their own, and light, but on a small machine they still take their share of the server's cores: how late they
// themselves ran is shown, since no refusal can look faster than that.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { startRetort } from '../../test/support/retort-server.ts';
import { endlessQuestion } from '../../test/support/stream-chat.ts';
import { exponential, seededRandom } from '../bench/random.ts';
import type { RequestRecord } from '../bench/request-record.ts';
import { runRequest } from '../bench/run-request.ts';
import { openTarget } from '../bench/target.ts';
import { quantile } from './quantile.ts';

const SLOTS = 4;
const QUEUE = 8;
const TICK_MS = 2;
const seconds = Number(process.argv[2] ?? 30);
const times = Number(process.argv[3] ?? 10);
const folder = mkdtempSync(join(tmpdir(), 'retort-overload-'));
const config = join(folder, 'retort.json');
writeFileSync(config, JSON.stringify({ queue: { maxLength: QUEUE } }));
const server = await startRetort(['--config', config, '--slots', String(SLOTS), '--log-level', 'warn']);
const target = await openTarget('retort', server.url, { model: null, connections: 1000, apiKey: null });
const once = { label: '', turn: 0, followsAbort: false, abortAfterDeltas: null, keepsContent: false, signal: null };
const body = JSON.stringify({ ...endlessQuestion(64), stream: true });
const ask = () => runRequest(target, { ...once, body });
const isWhole = ({ error }: RequestRecord) => error === null;

/** Whole answers a second, with as many clients as there are slots and half of the queue's places. */
async function best(): Promise<number> {
	const endMs = performance.now() + seconds * 1000;
	let whole = 0;
	const clients = Array.from({ length: SLOTS + QUEUE / 2 }, async () => {
		while (performance.now() < endMs) if (isWhole(await ask())) whole += 1;
	});
	await Promise.all(clients);
	return whole / seconds;
}

async function overload(rate: number): Promise<RequestRecord[]> {
	const random = seededRandom('overload');
	const running: Promise<RequestRecord>[] = [];
	const startMs = performance.now();
	for (let atMs = startMs; atMs < startMs + seconds * 1000; atMs += exponential(random, 1000 / rate)) {
		if (atMs > performance.now()) await delay(atMs - performance.now());
		running.push(ask());
	}
	return Promise.all(running);
}

try {
	const warm = await Promise.all(Array.from({ length: SLOTS }, ask));
	if (!warm.every(isWhole)) throw new Error('not even one answer');
	const before = await best();
	const lateness = monitorEventLoopDelay({ resolution: TICK_MS });
	lateness.enable();
	const records = await overload(times * before);
	lateness.disable();
	// A machine that others use has good and bad minutes: what it could do is asked on both sides of the overload.
	const after = await best();
	const peak = (before + after) / 2;
	const whole = records.filter(isWhole);
	const refused = records.filter(({ status }) => status === 503);
	const refusedMs = refused.map(({ startMs, endMs }) => endMs - startMs);
	const firstMs = whole.map(({ startMs, firstTokenMs }) => (firstTokenMs ?? Number.NaN) - startMs);
	const goodput = whole.length / seconds / peak;
	const others = records.length - whole.length - refused.length;
	const p99 = quantile(refusedMs, 0.99);
	const rate = (records.length / seconds).toFixed(1);
	console.log(
		`best ${before.toFixed(1)} answers/s before and ${after.toFixed(1)} after ${seconds} s of ${rate} requests/s`,
	);
	console.log(`  whole answers     ${whole.length}, ${Math.round(goodput * 100)} % of the best rate (promised: 90)`);
	console.log(
		`  refused           ${refused.length}, p50 ${ms(refusedMs, 0.5)}, p99 ${ms(refusedMs, 0.99)} (promised: 50)`,
	);
	console.log(`  anything else     ${others} (promised: 0)`);
	console.log(`  first token       p50 ${ms(firstMs, 0.5)}, p99 ${ms(firstMs, 0.99)}`);
	console.log(`  clients were late p50 ${late(50)}, p99 ${late(99)}`);
	const isRight = goodput >= 0.9 && p99 < 50 && refused.length > 0 && others === 0;
	console.log(isRight ? 'OK' : 'NOT AS PROMISED');
	process.exitCode = isRight ? 0 : 1;

	function late(percentile: number): string {
		return `${Math.max(0, lateness.percentile(percentile) / 1e6 - TICK_MS).toFixed(1)} ms`;
	}
} finally {
	await target.pool.destroy();
	await server.stop();
	rmSync(folder, { recursive: true });
}

function ms(values: number[], share: number): string {
	return `${quantile(values, share).toFixed(1)} ms`;
}
