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
 * arrival, but one that fits into half a slice need not wait for a long one, which keeps the other half. Entries come in
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
	let slice = Math.min(room, decodes ? limits.prefillSliceTokens : (limits.prefillAloneTokens ?? room));
	for (const { slot, pending } of inTurn(candidates, slice)) {
		if (slice === 0) break;
		const tokens = Math.min(pending, slice);
		entries.push({ slot, tokens });
		slice -= tokens;
	}
	return entries.sort((a, b) => a.slot - b.slot);
}

/** Prompts in the order in which a slice is given out: short ones for half of it, then all by arrival. */
function inTurn(candidates: readonly BatchCandidate[], slice: number): BatchCandidate[] {
	const prefills = candidates.filter((candidate) => candidate.isPrefill).sort((a, b) => a.order - b.order);
	const short: BatchCandidate[] = [];
	let half = Math.floor(slice / 2);
	for (const candidate of prefills.slice(1)) {
		if (candidate.pending > half) continue;
		short.push(candidate);
		half -= candidate.pending;
	}
	return [...short, ...prefills.filter((candidate) => !short.includes(candidate))];
}
