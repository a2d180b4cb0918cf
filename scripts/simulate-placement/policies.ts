import { AffinityTable } from '../../src/pool/affinity-table.ts';
import { type Candidate, pickWorker } from '../../src/pool/pick-worker.ts';
import type { PrefixKey } from '../../src/pool/prefix-keys.ts';

/** A worker as a policy may see it. */
export type WorkerView = {
	id: string;
	slots: number;
	/** Requests in its slots and, where the policy queues there, behind them. */
	requests: number;
	pendingPromptTokens: number;
	prefillMsPerToken: number;
};
export type Asked = { conversation: number; promptTokens: number; historyTokens: number };

export type Policy = {
	name: string;
	/** Where a request waits when no slot is free: before all workers, or at the one that it was sent to. */
	queue: 'central' | 'at-worker';
	/** null leaves it in the central queue. */
	pick(asked: Asked, workers: readonly WorkerView[]): string | null;
};

export function roundRobin(): Policy {
	let next = 0;
	return {
		name: 'round robin',
		queue: 'at-worker',
		pick(_asked, workers) {
			next += 1;
			return workers[(next - 1) % workers.length]?.id ?? null;
		},
	};
}

export function leastConnections(random: () => number): Policy {
	return {
		name: 'least connections',
		queue: 'at-worker',
		pick(_asked, workers) {
			const least = Math.min(...workers.map(({ requests }) => requests));
			const equals = workers.filter(({ requests }) => requests === least);
			return equals[Math.floor(random() * equals.length)]?.id ?? null;
		},
	};
}

/** The pool's own: its decision, its memory of conversations, its one queue. */
export function retort(random: () => number): Policy {
	const table = new AffinityTable(16_384);
	return {
		name: 'retort',
		queue: 'central',
		pick(asked, workers) {
			const share = asked.promptTokens === 0 ? 0 : asked.historyTokens / asked.promptTokens;
			const own: PrefixKey = { key: `c${asked.conversation}`, share };
			const known = table.lookup([own]);
			const candidates = workers.map(
				(worker): Candidate => ({
					id: worker.id,
					isReady: true,
					slots: worker.slots,
					busySlots: worker.requests,
					knownShare: known.get(worker.id) ?? 0,
					pendingPromptTokens: worker.pendingPromptTokens,
					prefillMsPerToken: worker.prefillMsPerToken,
				}),
			);
			const picked = pickWorker(candidates, asked.promptTokens, [random(), random()]);
			if (picked !== null) table.remember([own], picked);
			return picked;
		},
	};
}
