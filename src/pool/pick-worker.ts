/** A worker as placement sees it. Only workers of the request's model are candidates. */
export type Candidate = {
	id: string;
	isReady: boolean;
	slots: number;
	busySlots: number;
	/** 0..1: how much of the prompt this worker has probably seen before, as the affinity table remembers. */
	knownShare: number;
	/** Prompt tokens that it was given and has not evaluated yet. */
	pendingPromptTokens: number;
	/** As measured of late; null for a worker that has not shown it yet. */
	prefillMsPerToken: number | null;
};

/** 0 <= r < 1, drawn by the caller: the first and the second of two random choices. */
export type Draws = readonly [number, number];

/** A worker that knows the whole prompt may be busier than the least busy one by this share of its slots. */
const AFFINITY_ALLOWANCE = 0.5;

/**
 * Pure decision; must not log. Ready and with a free slot; then the one that knows most of the prompt unless it is much
 * busier than the least busy (the more it knows, the busier it may be); then, of two drawn at random, the one that
 * promises the first token sooner, and among equals the less busy. Two draws and not the best of all: several gateways
 * that see the same worker free must not all run to it. null when none has a free slot. Which slot serves is the
 * worker's own decision.
 */
export function pickWorker(candidates: readonly Candidate[], promptTokens: number, draws: Draws): string | null {
	const free = candidates.filter((candidate) => candidate.isReady && candidate.busySlots < candidate.slots);
	if (free.length === 0) return null;
	const leastLoad = Math.min(...free.map(load));
	let known: Candidate | null = null;
	for (const candidate of free) {
		if (candidate.knownShare <= (known?.knownShare ?? 0)) continue;
		if (load(candidate) - leastLoad <= AFFINITY_ALLOWANCE * candidate.knownShare) known = candidate;
	}
	if (known !== null) return known.id;
	const [one, other] = drawTwo(free, draws);
	const usualPace = meanPace(free);
	const difference = expectedWaitMs(one, promptTokens, usualPace) - expectedWaitMs(other, promptTokens, usualPace);
	if (difference !== 0) return difference < 0 ? one.id : other.id;
	return load(one) <= load(other) ? one.id : other.id;
}

/** Until the first token: what it was given before has to be evaluated, and then this prompt. */
function expectedWaitMs(candidate: Candidate, promptTokens: number, usualMsPerToken: number): number {
	const tokens = candidate.pendingPromptTokens + promptTokens;
	// Streams that decode take their part of each batch.
	return tokens * (candidate.prefillMsPerToken ?? usualMsPerToken) * (1 + load(candidate));
}

/** Two different ones where there are two. */
function drawTwo(free: readonly Candidate[], [first, second]: Draws): [Candidate, Candidate] {
	const at = Math.floor(first * free.length);
	const step = 1 + Math.floor(second * (free.length - 1));
	const one = free[at];
	const other = free.length === 1 ? one : free[(at + step) % free.length];
	// `free` is not empty and both are below its length; the compiler cannot know.
	return [one as Candidate, other as Candidate];
}

/** Of those that have shown it; 1 where nobody has, so that tokens are compared. */
function meanPace(free: readonly Candidate[]): number {
	const known = free.flatMap(({ prefillMsPerToken }) => prefillMsPerToken ?? []);
	return known.length === 0 ? 1 : known.reduce((sum, pace) => sum + pace, 0) / known.length;
}

function load(candidate: Candidate): number {
	return candidate.busySlots / candidate.slots;
}
