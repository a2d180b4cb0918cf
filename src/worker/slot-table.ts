/** Pure decisions over the KV caches: which slot serves a prompt, and where the part of it that is known comes from. */

export type SlotView = {
	readonly index: number;
	/** Tokens whose keys and values are in the cache, in order. */
	readonly tokens: readonly number[];
	/** Tokens that will follow them: the rest of a prompt that is being read here. */
	readonly arriving: readonly number[];
	/** Whose tokens they are; null when the cache is empty. */
	readonly cacheScope: string | null;
	readonly isBusy: boolean;
	/** Grows with every use. */
	readonly lastUsed: number;
};

/** A sequence that gave up its slot and waits in memory. */
export type ParkedView = {
	readonly id: number;
	readonly tokens: readonly number[];
	readonly cacheScope: string;
};

/** What it costs, in milliseconds, to have a prefix where it is needed. Infinity: it cannot be, or not now. */
export type CacheCosts = {
	/** Of evaluating one prompt token; null while unknown, and nothing moves then. */
	promptTokenMs: number | null;
	/** Of copying one slot's cache over another's, whatever its length. */
	copyMs: number;
	/** Of parking so many tokens, or of bringing them back. */
	moveMs(tokens: number): number;
};

export type Placement = {
	/** The slot that serves. */
	index: number;
	/** How many tokens of the prompt will be in its cache. */
	cachedTokens: number;
	/** Where they are now. A slot that is copied may still have to read some of them. */
	prefix: { from: 'own' } | { from: 'slot'; index: number } | { from: 'parked'; id: number };
};

/** Shared by everybody's prompts (BOS, the first role's mark), so never worth a wait for another slot. */
export const LEAST_SHARED_TOKENS = 32;
/** How likely it is that somebody comes back for what a slot holds. */
const REUSE = 0.5;

/**
 * The cheapest way to serve a prompt; null when all slots are busy. In place, in the free slot with the longest common
 * prefix inside the scope, the least recently used one among equals. Or over the least recently used free slot, with the
 * prefix copied from another slot, which may be busy, or brought back from where it was parked. What a slot loses on the way
 * counts: as what it would cost to evaluate again, or to park. At least the prompt's last token is always evaluated again:
 * its logits are gone.
 */
export function placePrompt(
	slots: readonly SlotView[],
	parked: readonly ParkedView[],
	request: { prompt: readonly number[]; cacheScope: string },
	costs: CacheCosts,
): Placement | null {
	const { prompt, cacheScope } = request;
	const usable = (
		holder: { tokens: readonly number[]; cacheScope: string | null },
		arriving: readonly number[] = [],
	) =>
		holder.cacheScope === cacheScope ? Math.min(sharedPrefix(holder.tokens, arriving, prompt), prompt.length - 1) : 0;

	let own: (Placement & { slot: SlotView }) | null = null;
	let oldest: SlotView | null = null;
	for (const slot of slots) {
		if (slot.isBusy) continue;
		const cachedTokens = Math.max(0, usable(slot));
		const isBetter =
			own === null ||
			cachedTokens > own.cachedTokens ||
			(cachedTokens === own.cachedTokens && slot.lastUsed < own.slot.lastUsed);
		if (isBetter) own = { index: slot.index, cachedTokens, prefix: { from: 'own' }, slot };
		if (oldest === null || isOlder(slot, oldest)) oldest = slot;
	}
	if (own === null || oldest === null) return null;
	const { slot: ownSlot, ...inPlace } = own;
	const tokenMs = costs.promptTokenMs;
	if (tokenMs === null) return inPlace;

	const losses = (slot: SlotView, kept: number) => {
		const again = REUSE * tokenMs * (slot.tokens.length - kept);
		return Math.min(again, 2 * costs.moveMs(slot.tokens.length));
	};
	const restMs = (cachedTokens: number) => (prompt.length - cachedTokens) * tokenMs;
	let best: Placement = inPlace;
	let bestMs = restMs(own.cachedTokens) + losses(ownSlot, own.cachedTokens);
	const consider = (cachedTokens: number, ms: number, prefix: Placement['prefix']) => {
		if (cachedTokens < LEAST_SHARED_TOKENS) return;
		const totalMs = ms + restMs(cachedTokens);
		if (totalMs >= bestMs) return;
		bestMs = totalMs;
		best = { index: oldest.index, cachedTokens, prefix };
	};
	const lossMs = losses(oldest, 0);
	for (const slot of slots) {
		if (slot.index === oldest.index) continue;
		const cachedTokens = usable(slot, slot.arriving);
		consider(cachedTokens, costs.copyMs + lossMs, { from: 'slot', index: slot.index });
	}
	for (const sequence of parked) {
		const { id, tokens } = sequence;
		consider(usable(sequence), costs.moveMs(tokens.length) + lossMs, { from: 'parked', id });
	}
	return best;
}

/** An empty cache before a full one, then by last use. */
function isOlder(slot: SlotView, other: SlotView): boolean {
	const [isEmpty, otherIsEmpty] = [slot.tokens.length === 0, other.tokens.length === 0];
	return isEmpty === otherIsEmpty ? slot.lastUsed < other.lastUsed : isEmpty;
}

export function commonPrefix(a: readonly number[], b: readonly number[]): number {
	const length = Math.min(a.length, b.length);
	let index = 0;
	while (index < length && a[index] === b[index]) index++;
	return index;
}

/** What `tokens`, followed by `arriving`, and `prompt` begin with. */
function sharedPrefix(tokens: readonly number[], arriving: readonly number[], prompt: readonly number[]): number {
	const known = commonPrefix(tokens, prompt);
	if (known < tokens.length || arriving.length === 0) return known;
	let index = 0;
	while (index < arriving.length && known + index < prompt.length && arriving[index] === prompt[known + index]) index++;
	return known + index;
}
