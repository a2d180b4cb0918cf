/** A worker as placement sees it. Only workers of the request's model are candidates. */
export type Candidate = {
	id: string;
	isReady: boolean;
	slots: number;
	busySlots: number;
	/** 0..1: how much of the prompt this worker has probably seen before, as the affinity table remembers. */
	knownShare: number;
};

/** A worker that knows the whole prompt may be busier than the least busy one by this share of its slots. */
const AFFINITY_ALLOWANCE = 0.5;

/**
 * Pure decision; must not log. Ready and with a free slot; then the one that knows most of the prompt unless it is much
 * busier than the least busy (the more it knows, the busier it may be); then the least busy; `random` (0 <= r < 1)
 * chooses among equals, 0 the first. null when none has a free slot. Which slot serves is the worker's own decision.
 */
export function pickWorker(candidates: readonly Candidate[], random: number): string | null {
	const free = candidates.filter((candidate) => candidate.isReady && candidate.busySlots < candidate.slots);
	const leastLoad = Math.min(...free.map(load));
	let best: Candidate | null = null;
	for (const candidate of free) {
		if (candidate.knownShare <= (best?.knownShare ?? 0)) continue;
		if (load(candidate) - leastLoad <= AFFINITY_ALLOWANCE * candidate.knownShare) best = candidate;
	}
	if (best !== null) return best.id;
	const equals = free.filter((candidate) => load(candidate) === leastLoad);
	return equals[Math.floor(random * equals.length)]?.id ?? null;
}

function load(candidate: Candidate): number {
	return candidate.busySlots / candidate.slots;
}
