import { generationTimeout, type RetortError } from '../errors.ts';
import type { WorkerEvent } from '../protocol/worker-api.ts';
import type { Ask } from './ask.ts';
import { ForwardedEvents } from './forwarded-events.ts';
import type { HeldLease } from './lease.ts';
import { LinkedAbort } from './linked-abort.ts';
import { mayRunElsewhere } from './may-run-elsewhere.ts';
import { describePlacement } from './placement.ts';
import type { PoolLog } from './pool-log.ts';
import type { PoolGenerateOptions } from './pool-options.ts';

/** Deaths that one request may cause or meet: a request that kills what runs it must not go round the pool. */
const MAX_DEATHS = 2;
/** Workers that one request may leave for any reason. */
const MAX_MOVES = 2;

/** Where leases come from, and what has to be known of those that run. */
export type LeaseSource = {
	acquire(ask: Ask): Promise<HeldLease>;
	/** Longest wait for a slot, over all attempts. */
	patienceMs: number;
	/** Longest run, over all attempts, from the first slot on. */
	generationMs: number;
	/** By request id, while it runs. */
	running: Map<string, HeldLease>;
	log: PoolLog;
	onMove(workerId: string): void;
};

/**
 * One generation, on as many leases as it takes: when a worker is lost another goes on at the same token, unseen. See
 * WorkerPool.generate.
 */
export async function* runOnLeases(
	options: PoolGenerateOptions,
	source: LeaseSource,
): AsyncGenerator<WorkerEvent, void, undefined> {
	const { keyId, weight = 1, onQueued } = options;
	const { running, generationMs } = source;
	const abort = new LinkedAbort(options.signal);
	const { signal } = abort;
	const forwarded = new ForwardedEvents();
	const avoid = new Set<string>();
	const placement = describePlacement(options.request);
	let request = options.request;
	let { patienceMs } = source;
	let deaths = 0;
	let lost: RetortError | null = null;
	let moves = 0;
	try {
		while (true) {
			const askedMs = performance.now();
			const ask = { placement, keyId, weight, signal, avoid, isRetry: lost !== null, patienceMs, onQueued };
			const lease = await source.acquire(ask).catch((refusal: unknown) => {
				// A stream that has begun is told of its loss, not of the want of another worker; so is what no engine here can do.
				throw (forwarded.hasOutput || lost?.status === 400) && !signal.aborted ? lost : refusal;
			});
			try {
				running.set(request.requestId, lease);
				patienceMs -= performance.now() - askedMs;
				if (lost === null) abort.arm(generationMs, () => generationTimeout(generationMs / 1000));
				lease.isPulling = true;
				for await (const event of lease.worker.generate(request, lease.signal)) {
					lease.isPulling = false;
					lease.observe(event);
					const shown = forwarded.accept(event);
					if (shown !== null) yield shown;
					lease.isPulling = true;
				}
				return;
			} catch (error) {
				if (lease.signal.aborted || !mayRunElsewhere(error)) throw error;
				if (error.code === 'worker_crashed') deaths += 1;
				lease.doubt(error.code);
				// What says nothing of the request, or is said at once, is free: launches to move to are as many as there are.
				if (error.code !== 'shutting_down' && error.code !== 'unsupported_value') moves += 1;
				if (deaths >= MAX_DEATHS || moves > MAX_MOVES) throw error;
				lost = error;
				request = forwarded.continuation(options.request);
				avoid.add(lease.launchKey);
				const fields = { requestId: request.requestId, workerId: lease.workerId, resumedTokens: request.resume.length };
				source.log.warn(fields, 'running the request elsewhere');
				source.onMove(lease.workerId);
			} finally {
				lease.isPulling = false;
				if (running.get(request.requestId) === lease) running.delete(request.requestId);
				lease.release();
			}
		}
	} finally {
		abort.unlink();
	}
}
