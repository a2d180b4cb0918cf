/** One of a stock engine's slots, as far as we know: nobody else should use them. */
export type StockSlot = {
	readonly index: number;
	/** Tokens that its cache holds, in order. */
	tokens: readonly number[];
	/** Whose tokens they are; null before the first. */
	cacheScope: string | null;
	isBusy: boolean;
	/** Grows with every use. */
	lastUsed: number;
};

/** The free slot with the longest common prefix inside the scope, the least recently used among equals; null when all are busy. */
export function pickSlot(slots: readonly StockSlot[], prompt: readonly number[], cacheScope: string): StockSlot | null {
	let best: StockSlot | null = null;
	let bestKnown = -1;
	for (const slot of slots) {
		if (slot.isBusy) continue;
		const known = slot.cacheScope === cacheScope ? commonPrefix(slot.tokens, prompt) : 0;
		if (known < bestKnown || (known === bestKnown && slot.lastUsed >= (best?.lastUsed ?? 0))) continue;
		best = slot;
		bestKnown = known;
	}
	return best;
}

function commonPrefix(one: readonly number[], other: readonly number[]): number {
	const end = one.findIndex((id, index) => id !== other[index]);
	return end === -1 ? one.length : end;
}
