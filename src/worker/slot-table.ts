/** Pure decisions over the slots' KV caches: which one serves a prompt, and what of its cache stays. */

export type SlotView = {
	readonly index: number;
	/** Tokens whose keys and values are in the cache, in order. */
	readonly tokens: readonly number[];
	/** Whose tokens they are; null when the cache is empty. */
	readonly cacheScope: string | null;
	readonly isBusy: boolean;
	/** Grows with every use. */
	readonly lastUsed: number;
};

export type SlotChoice = { index: number; cachedTokens: number };

/**
 * The free slot with the longest common prefix inside the scope, the least recently used one among equals; null when all
 * are busy. At least the prompt's last token is always evaluated again: its logits are gone.
 */
export function pickSlot(slots: readonly SlotView[], prompt: readonly number[], cacheScope: string): SlotChoice | null {
	let best: (SlotChoice & { lastUsed: number }) | null = null;
	for (const slot of slots) {
		if (slot.isBusy) continue;
		const cachedTokens =
			slot.cacheScope === cacheScope ? Math.min(commonPrefix(slot.tokens, prompt), Math.max(0, prompt.length - 1)) : 0;
		const isBetter =
			best === null ||
			cachedTokens > best.cachedTokens ||
			(cachedTokens === best.cachedTokens && slot.lastUsed < best.lastUsed);
		if (isBetter) best = { index: slot.index, cachedTokens, lastUsed: slot.lastUsed };
	}
	return best === null ? null : { index: best.index, cachedTokens: best.cachedTokens };
}

export function commonPrefix(a: readonly number[], b: readonly number[]): number {
	const length = Math.min(a.length, b.length);
	let index = 0;
	while (index < length && a[index] === b[index]) index++;
	return index;
}
