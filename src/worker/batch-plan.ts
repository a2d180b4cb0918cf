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
 * One batch: every decoding slot's tokens, then prompt tokens in order of arrival, at most a slice of them while someone
 * decodes. Entries come in ascending slot order: llama.cpp cuts a batch into one micro-batch a run of ascending
 * sequences when KV streams are not unified (measured: 206 tokens/s ascending, 80 shuffled).
 */
export function planBatch(
	candidates: readonly BatchCandidate[],
	limits: { batchTokens: number; prefillSliceTokens: number },
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
	let slice = decodes ? Math.min(room, limits.prefillSliceTokens) : room;
	const prefills = candidates.filter((candidate) => candidate.isPrefill).sort((a, b) => a.order - b.order);
	for (const candidate of prefills) {
		if (slice === 0) break;
		const tokens = Math.min(candidate.pending, slice);
		entries.push({ slot: candidate.slot, tokens });
		slice -= tokens;
	}
	return entries.sort((a, b) => a.slot - b.slot);
}
