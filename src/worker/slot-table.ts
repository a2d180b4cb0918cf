/** Pure decisions over the KV caches: which slot serves a prompt, and where the part of it that is known comes from. */
import { gapsMs, type RowCosts } from './batch-gaps.ts';

export type SlotView = {
	readonly index: number;
	/** Tokens whose keys and values are in the cache, in order. */
	readonly tokens: readonly number[];
	/** Tokens that will follow them: the rest of a prompt that is being read here. */
	readonly arriving: readonly number[];
	/** Whose tokens they are; null when the cache is empty. */
	readonly cacheScope: string | null;
	readonly isBusy: boolean;
	/** They are a conversation's, for which somebody may come back. */
	readonly mayContinue: boolean;
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
	/** Of slots that stand apart. */
	rows: RowCosts;
};

export type Placement = {
	/** The slot that serves. */
	index: number;
	/** How many tokens of the prompt will be in its cache. */
	cachedTokens: number;
	/** Where they are now. A slot that is copied may still have to read some of them. */
	prefix: { from: 'own' } | { from: 'slot'; index: number } | { from: 'parked'; id: number };
};

/** Fewer are shared by everybody's prompts (BOS, the first role's mark): never worth a wait for another slot. */
export const LEAST_SHARED_TOKENS = 32;
/** From here on the costs decide whether what lies ready in another slot is copied. */
export const LEAST_COPIED_TOKENS = 8;
/** How likely it is that somebody comes back for what a slot holds, and for what was used longest ago. */
const REUSE = 0.5;
const LATE_REUSE = 0.25;
/** For so many steps, at least, those who are busy now will be so beside one who comes. */
const STEPS_TOGETHER = 64;

/**
 * The cheapest way to serve a prompt; null when all slots are busy. In place: in the free slot with the longest common prefix
 * inside the scope, or in the one that was used longest ago. Or over the latter, with the prefix copied from another slot, which
 * may be busy, or brought back from where it was parked. What a slot loses on the way counts: as what it would cost to
 * evaluate again, or to park. And so does where it stands: away from those who are busy it leaves gaps in their batches. At
 * least the prompt's last token is always evaluated again: its logits are gone.
 */
export function placePrompt(
	slots: readonly SlotView[],
	parked: readonly ParkedView[],
	request: { prompt: readonly number[]; cacheScope: string },
	costs: CacheCosts,
): Placement | null {
	const { prompt, cacheScope } = request;
	const free = slots.filter(({ isBusy }) => !isBusy).sort(byAge);
	const [oldest] = free;
	if (oldest === undefined) return null;
	// Without a price there is nothing to move for; what is lost and what is gained in place is tokens all the same.
	const tokenMs = costs.promptTokenMs ?? 1;
	const moves = costs.promptTokenMs !== null;
	const sharedWith = (
		holder: { tokens: readonly number[]; cacheScope: string | null },
		arriving: readonly number[] = [],
	) =>
		holder.cacheScope === cacheScope ? Math.min(sharedPrefix(holder.tokens, arriving, prompt), prompt.length - 1) : 0;
	const lossMs = (slot: SlotView, kept: number) => {
		if (!slot.mayContinue) return 0;
		const again = (slot === oldest ? LATE_REUSE : REUSE) * tokenMs * (slot.tokens.length - kept);
		return moves ? Math.min(again, 2 * costs.moveMs(slot.tokens.length)) : again;
	};

	/** What gaps add to a step of those who are busy with this slot among them. */
	const apartMs = slots.map((slot) => {
		const together = slots.filter((each) => each.isBusy || each === slot);
		return gapsMs(
			together.map(({ index }) => index),
			costs.rows,
		);
	});
	const apartOf = ({ index }: SlotView) => apartMs[index] ?? 0;
	const neighbour = free.reduce((one, other) => (apartOf(other) < apartOf(one) ? other : one), oldest);

	let best: Placement | null = null;
	let bestMs = Number.POSITIVE_INFINITY;
	const consider = (slot: SlotView, placement: Omit<Placement, 'index'>, ms: number) => {
		const togetherMs = apartOf(slot) * STEPS_TOGETHER;
		const totalMs = ms + togetherMs + (prompt.length - placement.cachedTokens) * tokenMs;
		if (totalMs >= bestMs) return;
		bestMs = totalMs;
		best = { index: slot.index, ...placement };
	};
	const inPlace = (slot: SlotView) => ({
		cachedTokens: sharedWith(slot),
		prefix: { from: 'own' as const },
	});
	// The few tokens that all prompts begin with must not lead a new conversation into the place of one that goes on.
	const isKin = (slot: SlotView) => {
		const shared = sharedWith(slot);
		return shared >= Math.min(LEAST_SHARED_TOKENS, slot.tokens.length / 2) || shared > prompt.length / 2;
	};
	const kin = free.filter((slot) => !slot.mayContinue || isKin(slot));
	const closest = kin.reduce((one, other) => (sharedWith(other) > sharedWith(one) ? other : one), oldest);
	for (const slot of [closest, oldest, neighbour]) consider(slot, inPlace(slot), lossMs(slot, sharedWith(slot)));
	if (!moves) return best;

	const targets = [...new Set([oldest, neighbour])].map((slot) => ({ slot, ms: lossMs(slot, 0) }));
	for (const { index, tokens, arriving, cacheScope: scope } of slots) {
		const cachedTokens = sharedWith({ tokens, cacheScope: scope }, arriving);
		if (cachedTokens < (cachedTokens > tokens.length ? LEAST_SHARED_TOKENS : LEAST_COPIED_TOKENS)) continue;
		for (const { slot, ms } of targets)
			if (slot.index !== index) consider(slot, { cachedTokens, prefix: { from: 'slot', index } }, costs.copyMs + ms);
	}
	for (const sequence of parked) {
		const cachedTokens = sharedWith(sequence);
		if (cachedTokens < LEAST_SHARED_TOKENS) continue;
		const prefix = { from: 'parked', id: sequence.id } as const;
		for (const { slot, ms } of targets)
			consider(slot, { cachedTokens, prefix }, costs.moveMs(sequence.tokens.length) + ms);
	}
	return best;
}

/** Empty caches first, then those that were used longest ago. */
function byAge(slot: SlotView, other: SlotView): number {
	return Number(slot.tokens.length > 0) - Number(other.tokens.length > 0) || slot.lastUsed - other.lastUsed;
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
