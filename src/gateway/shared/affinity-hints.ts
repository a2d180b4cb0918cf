import type { WorkerPool } from '../../pool/worker-pool.ts';
import type { SharedState } from './shared-state.ts';

const CHANNEL = 'affinity';
/** A prompt has at most so many prefixes that count; more is no message of ours. */
const MAX_PREFIXES = 32;

export type Placement = { model: string; workerId: string; prefixes: readonly string[] };

/**
 * Gateways tell each other which worker has got which conversation, so that its next turn finds the cache whichever
 * gateway it comes to. Hints: one that is lost costs an evaluation, and nobody waits for any.
 */
export function shareAffinity(shared: SharedState, pool: Pick<WorkerPool, 'hint'>): (placement: Placement) => void {
	shared.listen(CHANNEL, (message) => {
		const hint = parse(message);
		if (hint !== null && hint.from !== shared.gatewayId) pool.hint(hint);
	});
	return (placement) => shared.tell(CHANNEL, JSON.stringify({ from: shared.gatewayId, ...placement }));
}

function parse(message: string): (Placement & { from: string }) | null {
	try {
		const { from, model, workerId, prefixes }: Record<string, unknown> = JSON.parse(message);
		if (typeof from !== 'string' || typeof model !== 'string' || typeof workerId !== 'string') return null;
		if (!Array.isArray(prefixes) || prefixes.length > MAX_PREFIXES) return null;
		return { from, model, workerId, prefixes: prefixes.filter((prefix) => typeof prefix === 'string') };
	} catch {
		return null;
	}
}
