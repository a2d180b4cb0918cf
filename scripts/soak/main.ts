// `npm run soak -- --minutes M [--clients N] [--seed TEXT]`: mixed load on a server with the embedded model, while its workers
// are killed, stopped, restarted and drained. Ends with 1 when an invariant broke.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRetort } from '../../test/support/retort-server.ts';
import { seededRandom } from '../bench/random.ts';
import { FAULTS, type Fault, inflict, poolOf } from './faults.ts';
import { type Ending, questionOf, type Reference, readSlowly, referenceOf, stream, whole } from './requests.ts';
import { growthOf, type Sample, sampleOf, slotsAtRest } from './samples.ts';

const WORKERS = 3;
const QUESTIONS = 60;
const SAMPLE_MS = 5000;
/** Memory may breathe; what leaks grows. */
const MAX_GROWTH = 0.15;

const { values } = parseArgs({
	options: {
		minutes: { type: 'string', default: '5' },
		clients: { type: 'string', default: '8' },
		seed: { type: 'string', default: 'soak' },
		/** Pauses between faults, in seconds, at random up to this. */
		calm: { type: 'string', default: '6' },
	},
});
const minutes = Number(values.minutes);
const random = seededRandom(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'retort-soak-'));
const config = join(folder, 'soak.yaml');
writeFileSync(
	config,
	JSON.stringify({ workers: { stallSeconds: 3, drainSeconds: 5 }, server: { slowReaderSeconds: 5 } }),
);
const server = await startRetort(['--config', config, '--workers', String(WORKERS), '--slots', '4']);
const { url } = server;
const pid = server.process.pid ?? 0;
const endings: Record<string, number> = {};
const faults: Record<string, number> = {};
const violations: string[] = [];
const samples: Sample[] = [];
let live = 0;

function count(kind: string, ending: Ending): void {
	if (typeof ending === 'object') violations.push(`${kind}: ${ending.violation}`);
	const name = `${kind} ${typeof ending === 'object' ? 'VIOLATION' : ending}`;
	endings[name] = (endings[name] ?? 0) + 1;
}

async function client(references: readonly Reference[], untilMs: number): Promise<void> {
	while (performance.now() < untilMs) {
		const index = Math.floor(random() * QUESTIONS);
		const question = questionOf(index);
		const reference = references[index] ?? null;
		const dice = random();
		live += 1;
		if (dice < 0.5) count('stream', await stream(url, question, reference, null));
		else if (dice < 0.75) count('whole', await whole(url, question, reference));
		else if (dice < 0.95) count('abort', await stream(url, question, reference, 5 + random() * 400));
		else count('slow', await readSlowly(url, question, 2000 + random() * 8000));
		live -= 1;
		// A server without workers turns away at once; asking again without a pause would only measure that.
		await delay(50);
	}
}

async function disturb(untilMs: number): Promise<void> {
	while (performance.now() < untilMs - 5000) {
		await delay(500 + random() * Number(values.calm) * 1000);
		const fault: Fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? 'kill';
		if (await inflict(url, fault, random)) faults[fault] = (faults[fault] ?? 0) + 1;
	}
}

async function watch(untilMs: number): Promise<void> {
	while (performance.now() < untilMs) {
		await delay(SAMPLE_MS);
		samples.push(sampleOf(pid));
		const startedMs = performance.now();
		const { workers, queue_length } = await poolOf(url);
		const ms = performance.now() - startedMs;
		const held = workers.reduce((sum, worker) => sum + worker.busy_slots, queue_length);
		// Clients that have left are a moment ahead of their slots.
		if (held > live + Number(values.clients)) violations.push(`${held} slots and places for ${live} live requests`);
		if (ms > 2000) violations.push(`/admin/pool took ${Math.round(ms)} ms`);
	}
}

try {
	const references: Reference[] = [];
	for (let index = 0; index < QUESTIONS; index += 1) references.push(await referenceOf(url, questionOf(index)));
	const untilMs = performance.now() + minutes * 60_000;
	const clients = Array.from({ length: Number(values.clients) }, () => client(references, untilMs));
	await Promise.all([...clients, disturb(untilMs), watch(untilMs)]);
	const held = await slotsAtRest(url);
	if (held > 0) violations.push(`${held} slots are held by nobody`);
	const memory = growthOf(samples.map(({ residentMiB }) => residentMiB));
	const descriptors = growthOf(samples.map((sample) => sample.descriptors));
	if (memory > MAX_GROWTH) violations.push(`memory of the gateway grew by ${Math.round(memory * 100)} %`);
	if (descriptors > MAX_GROWTH)
		violations.push(`descriptors of the gateway grew by ${Math.round(descriptors * 100)} %`);
	const unforeseen = server.logs().filter(({ level, msg }) => level === 'fatal' || /unhandled/i.test(msg));
	violations.push(...unforeseen.map(({ msg }) => `log: ${msg}`));
	const report = {
		minutes,
		endings,
		faults,
		gateway: {
			residentMiB: samples
				.filter((_, index) => index % Math.ceil(samples.length / 12) === 0)
				.map((one) => Math.round(one.residentMiB)),
			growthPercent: Math.round(memory * 1000) / 10,
			descriptors: samples.at(-1)?.descriptors,
			descriptorGrowthPercent: Math.round(descriptors * 1000) / 10,
		},
		restarts: (await poolOf(url)).workers.map(({ restarts }) => restarts),
		violations: violations.slice(0, 20),
		violationCount: violations.length,
	};
	process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
}
if (violations.length > 0) process.exitCode = 1;
