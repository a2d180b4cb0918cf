// Five times what the server can do, by clients that do not wait for one another: npm run check:overload -- [seconds].
// What is done in that time has to be what it could do at its best, and who is refused has to know at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRetort } from '../../test/support/retort-server.ts';
import { endlessQuestion, type StreamOutcome, streamChat } from '../../test/support/stream-chat.ts';
import { exponential, seededRandom } from '../bench/random.ts';
import { quantile } from './quantile.ts';

const SLOTS = 4;
const QUEUE = 8;
const seconds = Number(process.argv[2] ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'retort-overload-'));
const config = join(folder, 'retort.json');
writeFileSync(config, JSON.stringify({ queue: { maxLength: QUEUE } }));
const server = await startRetort(['--config', config, '--slots', String(SLOTS), '--log-level', 'warn']);
const ask = () => streamChat(server.url, endlessQuestion(64));
const isWhole = ({ status, sawDone, error }: StreamOutcome) => status === 200 && sawDone && error === null;

/** Whole answers a second, with as many clients as there are slots and places in the queue. */
async function best(): Promise<number> {
	const endMs = performance.now() + seconds * 1000;
	let whole = 0;
	const clients = Array.from({ length: SLOTS + QUEUE / 2 }, async () => {
		while (performance.now() < endMs) if (isWhole(await ask())) whole += 1;
	});
	await Promise.all(clients);
	return whole / seconds;
}

async function overload(rate: number): Promise<StreamOutcome[]> {
	const random = seededRandom('overload');
	const running: Promise<StreamOutcome>[] = [];
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
	const peak = await best();
	const outcomes = await overload(5 * peak);
	const whole = outcomes.filter(isWhole);
	const refused = outcomes.filter(({ status }) => status === 503);
	const refusedMs = refused.map(({ totalMs }) => totalMs);
	const goodput = whole.length / seconds / peak;
	const others = outcomes.length - whole.length - refused.length;
	const p99 = quantile(refusedMs, 0.99);
	const firstMs = whole.map(({ firstTokenMs }) => firstTokenMs ?? Number.NaN);
	console.log(
		`best ${peak.toFixed(1)} answers/s, then ${(outcomes.length / seconds).toFixed(1)} requests/s for ${seconds} s`,
	);
	console.log(`  whole answers     ${whole.length}, ${Math.round(goodput * 100)} % of the best rate (promised: 90)`);
	console.log(
		`  refused           ${refused.length}, p50 ${ms(refusedMs, 0.5)}, p99 ${ms(refusedMs, 0.99)} (promised: 50)`,
	);
	console.log(`  anything else     ${others} (promised: 0)`);
	console.log(`  first token       p50 ${ms(firstMs, 0.5)}, p99 ${ms(firstMs, 0.99)}`);
	const isRight = goodput >= 0.9 && p99 < 50 && refused.length > 0 && others === 0;
	console.log(isRight ? 'OK' : 'NOT AS PROMISED');
	process.exitCode = isRight ? 0 : 1;
} finally {
	await server.stop();
	rmSync(folder, { recursive: true });
}

function ms(values: number[], share: number): string {
	return `${quantile(values, share).toFixed(1)} ms`;
}
