/**
 * Slots of a batch that stand apart. Where the cache is not unified llama.cpp cuts a batch wherever a slot between two others
 * has no part in it, and each micro-batch reads all weights. A row of nothing in such a slot closes the gap for what a row costs; its
 * cell is cut from the slot's cache after the step.
 */

/** Milliseconds that a step takes longer for one more micro-batch, and for one more row. Infinite `rowMs`: gaps stay open. */
export type RowCosts = { cutMs: number; rowMs: number };

/** Where slots stand is no matter. */
export const NO_GAPS: RowCosts = { cutMs: 0, rowMs: Number.POSITIVE_INFINITY };

/** What the gaps between these slots, in ascending order, add to a step: each costs its rows, or a cut. */
export function gapsMs(slots: readonly number[], costs: RowCosts): number {
	return gapsOf(slots).reduce((sum, { size }) => sum + Math.min(costs.cutMs, size * costs.rowMs), 0);
}

/** The gaps between these, in ascending order, whose rows of nothing cost less than a cut: the slots of each. */
export function gapsToFill(slots: readonly number[], costs: RowCosts): number[][] {
	return gapsOf(slots).flatMap(({ after, size }) =>
		size * costs.rowMs < costs.cutMs ? [Array.from({ length: size }, (_, index) => after + 1 + index)] : [],
	);
}

function gapsOf(slots: readonly number[]): { after: number; size: number }[] {
	return slots.flatMap((slot, index) => {
		const size = (slots[index + 1] ?? slot) - slot - 1;
		return size > 0 ? [{ after: slot, size }] : [];
	});
}
