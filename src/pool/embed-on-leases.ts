import type { RetortError } from '../errors.ts';
import type { EmbedResponse } from '../protocol/worker-api.ts';
import { mayRunElsewhere } from './may-run-elsewhere.ts';
import type { PoolEmbedOptions } from './pool-options.ts';
import type { LeaseSource } from './run-on-leases.ts';

/** Workers that one request may meet the end of: inputs that kill what evaluates them must not go round the pool. */
const MAX_LOSSES = 2;

/** Takes a slot, has the inputs evaluated in it, gives it back. What a lost worker had done of them is done again. */
export async function embedOnLeases(
	{ requestId, request, signal, keyId, weight = 1 }: PoolEmbedOptions,
	source: Pick<LeaseSource, 'acquire' | 'patienceMs' | 'log' | 'onMove'>,
): Promise<EmbedResponse['embeddings']> {
	// Nothing of it is in any cache, so there is no prompt to find a worker by.
	const placement = { requestId, prefixes: [], promptTokens: 0 };
	const avoid = new Set<string>();
	let { patienceMs } = source;
	let lost: RetortError | null = null;
	let losses = 0;
	while (true) {
		const askedMs = performance.now();
		const ask = { placement, keyId, weight, signal, avoid, isRetry: lost !== null, patienceMs };
		const lease = await source.acquire(ask).catch((refusal: unknown) => {
			throw lost?.status === 400 && !signal.aborted ? lost : refusal;
		});
		patienceMs -= performance.now() - askedMs;
		try {
			return await lease.worker.embed(request, lease.signal);
		} catch (error) {
			if (lease.signal.aborted || !mayRunElsewhere(error)) throw error;
			lease.doubt(error.code);
			// A worker that is ended on purpose says nothing of the request.
			if (error.code !== 'shutting_down') losses += 1;
			if (losses >= MAX_LOSSES) throw error;
			lost = error;
			avoid.add(lease.launchKey);
			source.log.warn({ requestId, workerId: lease.workerId }, 'running the request elsewhere');
			source.onMove(lease.workerId);
		} finally {
			lease.release();
		}
	}
}
