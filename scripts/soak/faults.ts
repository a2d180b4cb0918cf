import { setTimeout as delay } from 'node:timers/promises';
import { type PoolReport, poolReportSchema } from '../../src/protocol/admin-api.ts';
import { isAlive } from '../../test/support/retort-server.ts';
import { within } from './within.ts';

export const FAULTS = ['kill', 'stop', 'restart', 'drain'] as const;
export type Fault = (typeof FAULTS)[number];

const ADMIN_MS = 10_000;
/** A worker that died too often waits for half a minute, loads, and may have to be tried again. */
const REST_MS = 120_000;
const DRAINED_MS = 3000;
/** Until a worker that was killed, stopped or told to restart has to be gone: stall limit, drain grace, and a busy machine. */
const GONE_MS = 30_000;

export function poolOf(url: string): Promise<PoolReport> {
	const asked = fetch(`${url}/admin/pool`).then((response) => response.json());
	return within('/admin/pool', ADMIN_MS, asked).then((report) => poolReportSchema.parse(report));
}

/**
 * Does it to one worker of the running server, chosen by `random`. `over` rejects when what has to follow did not; null
 * when there was no worker to do it to.
 */
export async function inflict(
	url: string,
	fault: Fault,
	random: () => number,
): Promise<{ over: Promise<void> } | null> {
	const { workers } = await poolOf(url);
	const ready = workers.filter(({ state, drained }) => state === 'ready' && !drained);
	const victim = ready[Math.floor(random() * ready.length)];
	// The last one that serves is not drained.
	if (victim === undefined || victim.pid === null || (fault === 'drain' && ready.length < 2)) return null;
	if (fault === 'drain') {
		await operate(url, 'drain', victim.id);
		return { over: delay(DRAINED_MS).then(() => operate(url, 'undrain', victim.id)) };
	}
	if (fault === 'restart') await operate(url, 'restart', victim.id);
	else if (!signal(victim.pid, fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')) return null;
	return { over: gone(victim.pid, fault) };
}

/** False when it had just ended. */
function signal(pid: number, name: NodeJS.Signals): boolean {
	try {
		return process.kill(pid, name);
	} catch {
		return false;
	}
}

async function gone(pid: number, fault: Fault): Promise<void> {
	const untilMs = performance.now() + GONE_MS;
	while (isAlive(pid)) {
		if (performance.now() > untilMs) throw new Error(`worker ${pid} lives ${GONE_MS / 1000} s after ${fault}`);
		await delay(200);
	}
}

async function operate(url: string, verb: string, worker: string): Promise<void> {
	const asked = fetch(`${url}/admin/${verb}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ worker }),
	}).then((response) => response.text().then(() => response.status));
	const status = await within(`/admin/${verb}`, ADMIN_MS, asked);
	if (status !== 200) throw new Error(`/admin/${verb} answered ${status}`);
}

/** Waits until every worker serves again and nothing is under way. What is still amiss in the end, in words. */
export async function restOf(url: string): Promise<string[]> {
	const untilMs = performance.now() + REST_MS;
	while (true) {
		const { workers, queue_length } = await poolOf(url);
		const away = workers.filter(({ state, drained }) => state !== 'ready' || drained);
		const held = workers.reduce((sum, worker) => sum + worker.busy_slots, queue_length);
		if (away.length === 0 && held === 0) return [];
		if (performance.now() > untilMs)
			return [
				...away.map(({ id, state, drained }) => `worker ${id} is ${drained ? 'drained' : state} after all faults`),
				...(held > 0 ? [`${held} slots and places are held by nobody`] : []),
			];
		await delay(200);
	}
}
