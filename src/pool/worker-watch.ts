import { setTimeout as delay } from 'node:timers/promises';
import { workerFailed } from '../errors.ts';
import type { WorkerHealth } from '../protocol/worker-api.ts';
import { LinkedAbort } from './linked-abort.ts';
import { initialStallState, watchStall } from './stall-watch.ts';
import type { Worker } from './worker.ts';

/** Looks at a worker's progress in one stall limit. */
export const LOOKS_PER_STALL = 10;
/** A worker that nobody used for so long proves with one token that it still could. */
const IDLE_PROBE_MS = 60_000;

export type WatchOptions = {
	worker: Worker;
	stallMs: number;
	/** Requests that wait for the worker's next event. */
	pulling(): number;
	/** Whether a token may be asked for: nothing runs, and no conversation's cache would pay for it. */
	mayProbe(): boolean;
	/** Why it could not make a token; null when it could. */
	probe(): Promise<string | null>;
	onHealth(health: WorkerHealth): void;
};

/** Watches a ready worker until `life` ends (null), or until it has to be given up (why). */
export async function watchWorker(options: WatchOptions, life: AbortSignal): Promise<string | null> {
	const limits = { intervalMs: options.stallMs / LOOKS_PER_STALL, stallMs: options.stallMs };
	let state = initialStallState;
	let lastMs = performance.now();
	let idleMs = 0;
	let probeFailure: string | null = null;
	while (!life.aborted) {
		await delay(limits.intervalMs, undefined, { signal: life }).catch(() => {});
		const health = await lookAt(options.worker, life, limits.intervalMs);
		if (life.aborted) return null;
		if (health !== null) options.onHealth(health);
		if (health?.state === 'failed') return 'says that it failed';
		const nowMs = performance.now();
		const look = watchStall(state, { elapsedMs: nowMs - lastMs, pulling: options.pulling(), health }, limits);
		state = look.state;
		idleMs = options.mayProbe() ? idleMs + nowMs - lastMs : 0;
		lastMs = nowMs;
		if (look.stalled !== null) return look.stalled;
		if (probeFailure !== null) return probeFailure;
		if (idleMs < IDLE_PROBE_MS) continue;
		idleMs = 0;
		// Beside the watch: requests that come meanwhile are watched as ever.
		void options.probe().then((failure) => {
			probeFailure = failure;
		});
	}
	return null;
}

/** Its /health, or null when it does not answer in time. */
export async function lookAt(worker: Worker, life: AbortSignal, patienceMs: number): Promise<WorkerHealth | null> {
	const abort = new LinkedAbort(life);
	abort.arm(patienceMs, () => workerFailed('The model worker did not answer in time.'));
	try {
		return await worker.health(abort.signal);
	} catch {
		return null;
	} finally {
		abort.unlink();
	}
}
