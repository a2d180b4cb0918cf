// `npm run soak -- --minutes M [--clients N] [--pause MS] [--calm S] [--seed TEXT]`: mixed load on a server with the embedded
// model, while its workers are killed, stopped, restarted and drained. A line a minute says what it has seen; ends with 1 when
// an invariant broke.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isAlive, startRetort } from '../../test/support/retort-server.ts';
import { seededRandom } from '../bench/random.ts';
import { restOf } from './faults.ts';
import { client, disturb, type Moment, type Run, watch } from './load.ts';
import { readLogs } from './read-logs.ts';
import { questionOf, type Reference, referenceOf } from './requests.ts';
import { growthOf } from './samples.ts';
import { Tally } from './tally.ts';
import { within } from './within.ts';

const WORKERS = 3;
const QUESTIONS = 60;
const REFERENCE_MS = 60_000;
/** Drain grace, and a busy machine. */
const SHUTDOWN_MS = 60_000;
/** Memory may breathe; what leaks grows. */
const MAX_GROWTH = 0.15;
/** Shorter runs are all warming up. */
const GROWTH_MINUTES = 5;

const { values } = parseArgs({
	options: {
		minutes: { type: 'string', default: '5' },
		clients: { type: 'string', default: '8' },
		seed: { type: 'string', default: 'soak' },
		/** Pauses between faults, in seconds, at random up to this. */
		calm: { type: 'string', default: '6' },
		/** Between a client's requests, in milliseconds, half to one and a half of it. */
		pause: { type: 'string', default: '50' },
	},
});
const minutes = Number(values.minutes);
const clients = Number(values.clients);
const folder = mkdtempSync(join(tmpdir(), 'retort-soak-'));
const config = join(folder, 'soak.yaml');
writeFileSync(
	config,
	JSON.stringify({ workers: { stallSeconds: 3, drainSeconds: 5 }, server: { slowReaderSeconds: 5 } }),
);
const server = await startRetort(['--config', config, '--workers', String(WORKERS), '--slots', '4']);
const { url } = server;
const tally = new Tally();
const moments: Moment[] = [];
const startedMs = performance.now();

function seen(isAtRest: boolean) {
	const { generations, moved, deaths, violations } = readLogs(server.logs(), isAtRest);
	const broken = [...tally.violations, ...violations];
	return {
		seconds: Math.round((performance.now() - startedMs) / 1000),
		endings: tally.endings,
		generations,
		moved,
		deaths,
		faults: tally.faults,
		open: tally.open.size,
		oldestOpenSeconds: tally.oldestOpen,
		now: moments.at(-1),
		violationCount: broken.length,
		violations: broken.slice(0, 20),
	};
}

function print(name: string, value: object, indent = 0): void {
	process.stdout.write(`${name} ${JSON.stringify(value, null, indent)}\n`);
}

/** What a run that nothing broke has grown by, and how it came to rest. */
async function conclude(): Promise<void> {
	for (const what of await restOf(url)) tally.violated(what);
	if (minutes < GROWTH_MINUTES) return;
	for (const part of ['residentMiB', 'descriptors'] as const) {
		const growth = growthOf(moments.map(({ gateway }) => gateway[part]));
		if (growth > MAX_GROWTH) tally.violated(`${part} of the gateway grew by ${Math.round(growth * 100)} %`);
	}
}

async function shutDown(): Promise<void> {
	server.process.kill('SIGTERM');
	try {
		const { code } = await within('the shutdown', SHUTDOWN_MS, server.exited);
		if (code !== 0) tally.violated(`the server ended with ${code}`);
	} catch (error) {
		tally.violated(error);
		server.process.kill('SIGKILL');
	}
	for (const pid of server.workerPids().values()) {
		if (!isAlive(pid)) continue;
		tally.violated(`worker ${pid} outlives the server`);
		process.kill(pid, 'SIGKILL');
	}
	rmSync(folder, { recursive: true, force: true });
}

for (const name of ['SIGINT', 'SIGTERM'] as const)
	process.once(name, () => {
		print('cut', seen(false), 2);
		void shutDown().then(() => process.exit(1));
	});
const everyMinute = setInterval(() => print('so far', seen(false)), 60_000);
try {
	const references: Reference[] = [];
	for (let index = 0; index < QUESTIONS; index += 1)
		references.push(await within('a reference', REFERENCE_MS, referenceOf(url, questionOf(index))));
	const untilMs = performance.now() + minutes * 60_000;
	const pid = server.process.pid ?? 0;
	const pauseMs = Number(values.pause);
	const run: Run = { url, pid, untilMs, pauseMs, random: seededRandom(values.seed), tally };
	const load = Array.from({ length: clients }, () => client(run, references));
	await Promise.all([...load, disturb(run, Number(values.calm)), watch(run, moments, clients)]);
	await conclude();
} catch (error) {
	tally.violated(error);
}
clearInterval(everyMinute);
await shutDown();
const memory = moments.filter((_, index) => index % Math.ceil(moments.length / 12) === 0);
const report = { ...seen(true), memory };
print('report', report, 2);
// Not by having nothing left to do: what hangs is in the report by now.
process.exit(report.violationCount > 0 ? 1 : 0);
