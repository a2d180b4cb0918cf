import type { GatewayPool } from './gateway-pool.ts';
import type { RunningCompletions } from './running-completions.ts';

/** Whose thought is to end: only the key that began a completion finds it. */
export type EndReasoning = (asked: { id: string; keyId: string | null }) => Promise<boolean | null>;

/** Closes the thought of a completion. False where it has ended already, null where no such completion runs here. */
export function endReasoningIn(running: RunningCompletions, pool: GatewayPool): EndReasoning {
	return async ({ id, keyId }) => {
		const completion = running.find(id, { keyId });
		if (completion === null) return null;
		const ended = await Promise.all(completion.generations.map((one) => pool.endPhase(one, 'reasoning')));
		return ended.includes(true);
	};
}
