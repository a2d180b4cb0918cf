export type BatchCandidate = {
	slot: number;
	/** Tokens that wait to be evaluated. */
	pending: number;
	/** Still reading its prompt; otherwise it decodes, and its few tokens go first. */
	isPrefill: boolean;
	/** Lower was there earlier. */
	order: number;
};

export type BatchEntry = { slot: number; tokens: number };

/**
 * Kernels on CPU multiply so many rows at a time, and each one left over costs a pass over the weights: of the 1.5B shape
 * 128 prompt tokens took 14.1 ms each, 42 16.1 and 35 17.8.
 */
export const ROWS = 16;
/** Of the oldest prompt's rest: prompts of about one length are read one after another, since side by side all would end last. */
const SHORT = 0.5;

/**
 * One batch: every decoding slot's tokens, then prompt tokens, as many as the limits leave. Prompts go in order of
 * arrival, but a shorter one need not wait for a long one, which keeps half of the slice: none waits for ever, whoever comes
 * after it. Entries come in
 * ascending slot order: llama.cpp cuts a batch into one micro-batch a run of ascending sequences when KV streams are not
 * unified (measured: 206 tokens/s ascending, 80 shuffled).
 */
export function planBatch(
	candidates: readonly BatchCandidate[],
	limits: { batchTokens: number; sliceTokens: number },
): BatchEntry[] {
	const entries: BatchEntry[] = [];
	let room = limits.batchTokens;
	for (const candidate of candidates) {
		if (candidate.isPrefill || room === 0) continue;
		const tokens = Math.min(candidate.pending, room);
		entries.push({ slot: candidate.slot, tokens });
		room -= tokens;
	}
	const decodes = entries.length > 0;
	for (const [slot, tokens] of shareOut(candidates, { room, slice: limits.sliceTokens, decodes }))
		entries.push({ slot, tokens });
	return entries.sort((a, b) => a.slot - b.slot);
}

/** Who gets how much of a slice: prompts shorter than the oldest one half of it, shortest first; the rest by arrival. */
function shareOut(
	candidates: readonly BatchCandidate[],
	limits: { room: number; slice: number; decodes: boolean },
): Map<number, number> {
	const shares = new Map<number, number>();
	let { room } = limits;
	let left = limits.slice;
	/** Whole rows, where it is not the prompt's end. What of the slice it takes. */
	const give = ({ slot, pending }: BatchCandidate, most: number): number => {
		if (most <= 0) return 0;
		const given = shares.get(slot) ?? 0;
		// Sequences of a micro-batch have equal lengths: a prompt's first token is computed with those of decoding streams.
		const first = limits.decodes && given === 0 ? 1 : 0;
		const isEnd = pending - given <= most + first;
		const rows = most < ROWS ? most : most - (most % ROWS);
		const tokens = Math.min(isEnd ? pending - given : rows + first, room);
		if (tokens <= 0) return 0;
		shares.set(slot, given + tokens);
		room -= tokens;
		left -= tokens - first;
		return tokens - first;
	};
	const byArrival = candidates.filter(({ isPrefill }) => isPrefill).sort((a, b) => a.order - b.order);
	const [oldest] = byArrival;
	if (oldest === undefined) return shares;
	let half = Math.floor(left / 2);
	for (const candidate of byArrival.filter(({ pending }) => pending <= oldest.pending * SHORT).sort(byLength))
		half -= give(candidate, half);
	for (const candidate of byArrival) give(candidate, left);
	return shares;
}

function byLength(a: BatchCandidate, b: BatchCandidate): number {
	return a.pending - b.pending;
}
