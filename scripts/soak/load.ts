import { setTimeout as delay } from 'node:timers/promises';
import { FAULTS, inflict, poolOf } from './faults.ts';
import { type Ending, HANG_MS, questionOf, type Reference, readSlowly, stream, whole } from './requests.ts';
import { type Sample, sampleOf } from './samples.ts';
import type { Tally } from './tally.ts';
import { within } from './within.ts';

const SAMPLE_MS = 5000;
/** From the moment at which a request has to end to the one at which it has not. */
const GRACE_MS = 15_000;

export type Run = {
	url: string;
	/** Of the gateway. */
	pid: number;
	untilMs: number;
	/** Between a client's requests, on average. */
	pauseMs: number;
	random: () => number;
	tally: Tally;
};

export type Moment = { gateway: Sample; workers: Sample[] };

/** One request after another. */
export async function client(run: Run, references: readonly Reference[]): Promise<void> {
	const { random, tally } = run;
	while (performance.now() < run.untilMs) {
		const { kind, endsInMs, ending } = ask(run, references);
		const entry = { kind, sinceMs: performance.now() };
		tally.open.add(entry);
		const overdue = (error: unknown): Ending => ({ violation: String(error) });
		tally.ended(kind, await within('a request', endsInMs + GRACE_MS, ending).catch(overdue));
		tally.open.delete(entry);
		// A server without workers turns away at once; asking again without a pause would only measure that.
		await delay(run.pauseMs * (0.5 + random()));
	}
}

type Asked = { kind: string; endsInMs: number; ending: Promise<Ending> };

function ask({ url, random }: Run, references: readonly Reference[]): Asked {
	const index = Math.floor(random() * references.length);
	const question = questionOf(index);
	const reference = references[index] ?? null;
	const dice = random();
	if (dice < 0.5) return { kind: 'stream', endsInMs: HANG_MS, ending: stream(url, question, reference, null) };
	if (dice < 0.75) return { kind: 'whole', endsInMs: HANG_MS, ending: whole(url, question, reference) };
	const leaveMs = dice < 0.95 ? 5 + random() * 400 : 2000 + random() * 8000;
	if (dice < 0.95) return { kind: 'abort', endsInMs: leaveMs, ending: stream(url, question, reference, leaveMs) };
	return { kind: 'slow', endsInMs: leaveMs, ending: readSlowly(url, question, leaveMs) };
}

/** One fault after another, with pauses of up to `calmSeconds`; over when what follows from the last one is. */
export async function disturb({ url, untilMs, random, tally }: Run, calmSeconds: number): Promise<void> {
	const followers: Promise<void>[] = [];
	while (performance.now() < untilMs - 5000) {
		await delay(500 + random() * calmSeconds * 1000);
		const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? 'kill';
		const inflicted = await inflict(url, fault, random).catch((error: unknown) => tally.violated(error));
		if (!inflicted) continue;
		tally.inflicted(fault);
		followers.push(inflicted.over.catch((error: unknown) => tally.violated(error)));
	}
	await Promise.all(followers);
}

/** Memory and descriptors, and that no slot is held without a request. */
export async function watch(run: Run, moments: Moment[], clients: number): Promise<void> {
	while (performance.now() < run.untilMs) {
		await observe(run, moments, clients).catch((error: unknown) => run.tally.violated(error));
		await delay(SAMPLE_MS);
	}
}

async function observe({ url, pid, tally }: Run, moments: Moment[], clients: number): Promise<void> {
	const startedMs = performance.now();
	const { workers, queue_length } = await poolOf(url);
	const ms = performance.now() - startedMs;
	const gateway = sampleOf(pid);
	if (gateway === null) throw new Error('the gateway is gone');
	const samples = workers.map((worker) => (worker.pid === null ? null : sampleOf(worker.pid)));
	moments.push({ gateway, workers: samples.filter((sample) => sample !== null) });
	const held = workers.reduce((sum, worker) => sum + worker.busy_slots, queue_length);
	// Clients that have left are a moment ahead of their slots.
	if (held > tally.open.size + clients)
		throw new Error(`${held} slots and places for ${tally.open.size} live requests`);
	if (ms > 2000) throw new Error(`/admin/pool took ${Math.round(ms)} ms`);
}
