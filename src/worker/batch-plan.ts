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
 * One batch: every decoding slot's tokens, then prompt tokens, as many as the limits leave. Prompts go in order of
 * arrival, but a shorter one need not wait for a long one, which keeps half of the slice: none waits for ever, whoever comes
 * after it. Entries come in
 * ascending slot order: llama.cpp cuts a batch into one micro-batch a run of ascending sequences when KV streams are not
 * unified (measured: 206 tokens/s ascending, 80 shuffled).
 */
export function planBatch(
	candidates: readonly BatchCandidate[],
	limits: {
		batchTokens: number;
		/** Prompt tokens of a batch in which somebody decodes. */
		prefillSliceTokens: number;
		/** And of one in which nobody does; absent: all. */
		prefillAloneTokens?: number;
	},
): BatchEntry[] {
	const entries: BatchEntry[] = [];
	let room = limits.batchTokens;
	let decodes = false;
	for (const candidate of candidates) {
		if (candidate.isPrefill || room === 0) continue;
		const tokens = Math.min(candidate.pending, room);
		entries.push({ slot: candidate.slot, tokens });
		room -= tokens;
		decodes = true;
	}
	const slice = Math.min(room, decodes ? limits.prefillSliceTokens : (limits.prefillAloneTokens ?? room));
	for (const [slot, tokens] of shareOut(candidates, slice)) entries.push({ slot, tokens });
	return entries.sort((a, b) => a.slot - b.slot);
}

/** Who gets how much of a slice: prompts shorter than the oldest one half of it, shortest first; the rest by arrival. */
function shareOut(candidates: readonly BatchCandidate[], slice: number): Map<number, number> {
	const shares = new Map<number, number>();
	const give = ({ slot, pending }: BatchCandidate, most: number): number => {
		const given = shares.get(slot) ?? 0;
		const tokens = Math.min(pending - given, most);
		if (tokens > 0) shares.set(slot, given + tokens);
		return tokens;
	};
	const byArrival = candidates.filter(({ isPrefill }) => isPrefill).sort((a, b) => a.order - b.order);
	const [oldest] = byArrival;
	if (oldest === undefined) return shares;
	let half = Math.floor(slice / 2);
	let left = slice;
	for (const candidate of byArrival.filter(({ pending }) => pending < oldest.pending).sort(byLength)) {
		const tokens = give(candidate, half);
		half -= tokens;
		left -= tokens;
	}
	for (const candidate of byArrival) left -= give(candidate, left);
	return shares;
}

function byLength(a: BatchCandidate, b: BatchCandidate): number {
	return a.pending - b.pending;
}
