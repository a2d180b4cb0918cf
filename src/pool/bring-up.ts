import { setTimeout as delay } from 'node:timers/promises';
import { RetortError } from '../errors.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';
import { probeRequest } from './probe-request.ts';
import type { Worker } from './worker.ts';

const LOAD_POLL_MS = 50;

export type BroughtUp =
	| { type: 'loaded'; info: WorkerInfo }
	/** It answers, and must not serve here. */
	| { type: 'refused'; reason: string }
	| { type: 'failed'; reason: string };

/** Waits until the worker has its model; null when `life` ended before. */
export async function awaitInfo(worker: Worker, life: AbortSignal): Promise<BroughtUp | null> {
	while (!life.aborted) {
		try {
			return { type: 'loaded', info: await worker.info(life) };
		} catch (error) {
			if (life.aborted) return null;
			// Not listening yet, or listening and loading: both pass. Anything else does not.
			const code = error instanceof RetortError ? error.code : null;
			if (code === 'worker_incompatible') return { type: 'refused', reason: describeError(error) };
			if (code !== 'model_loading' && code !== 'worker_crashed')
				return { type: 'failed', reason: describeError(error) };
		}
		await delay(LOAD_POLL_MS, undefined, { signal: life }).catch(() => {});
	}
	return null;
}

/**
 * Has it make one token, or one embedding; null when it could, else why not. The first token may take minutes where a GPU's kernels are
 * compiled for it, so the only patience is that of the whole load.
 */
export async function probeWorker(
	worker: Worker,
	info: WorkerInfo | null,
	probeId: string,
	loadMs: number,
	life: AbortSignal,
) {
	try {
		if (info?.embedding !== undefined) {
			await worker.embed({ inputs: [[{ text: 'Hello', special: false }]], truncate: false }, life);
			return null;
		}
		const events = worker.generate(probeRequest(probeId), life, { firstEventMs: loadMs, gapMs: loadMs });
		for await (const _event of events);
		return null;
	} catch (error) {
		return `first token: ${describeError(error)}`;
	}
}

/** For the log: what happened, and what was behind it. */
export function describeError(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return error.cause === undefined ? error.message : `${error.message} (${describeError(error.cause)})`;
}
