import type { PrefixCacheCounts } from '../protocol/worker-api.ts';
import type { RowCosts } from './batch-gaps.ts';
import type { Native } from './binding.ts';
import type { Generation } from './generation.ts';
import { paysToPark } from './parked-sequences.ts';
import type { WarmUps } from './plan-step.ts';
import { type PrefillPace, TARGET_STEP_MS } from './prefill-pace.ts';
import { ReturningUsers } from './returning-users.ts';
import { type Parking, SequenceShelf } from './sequence-shelf.ts';
import type { Slot } from './slot.ts';
import { type CacheCosts, commonPrefix, LEAST_COPIED_TOKENS, LEAST_SHARED_TOKENS, placePrompt } from './slot-table.ts';

export type PrefixCacheOptions = {
	native: Native;
	slots: readonly Slot[];
	pace: PrefillPace;
	/** Of one slot's cache over another's; Infinity where that cannot be done. */
	copyMs: number;
	rows: RowCosts;
	/** Null parks nothing. */
	parking: Parking | null;
};

/**
 * Gives each generation a slot whose cache holds as much of its prompt as can be had for less than evaluating it: in place,
 * copied from another slot, or brought back from where it was parked. Runs between two steps. All of it stays inside one
 * cache scope, and nothing of it changes what is generated.
 */
export class PrefixCache {
	readonly #options: PrefixCacheOptions;
	readonly #shelf: SequenceShelf;
	/** Slots that the next decode copies from or to: until then their memory is not what it will be. */
	readonly #unsettled = new Set<number>();
	/** What moved since the last step: the streams that decode wait for it. */
	#movedMs = 0;
	/** A model's memory that cannot be cut back (recurrent) is of use for nothing but its own sequence. */
	#canCut = true;
	readonly #users = new ReturningUsers();
	#copied = 0;
	#uses = 0;

	constructor(options: PrefixCacheOptions) {
		this.#options = options;
		this.#shelf = new SequenceShelf(options.parking);
	}

	get counts(): PrefixCacheCounts {
		return { copied: this.#copied, ...this.#shelf.counts };
	}

	/** What is prepared for users is worth some of the others' time where they come back. */
	get warmUps(): WarmUps {
		return this.#users.areExpected ? 'always' : 'alone';
	}

	/** Streams that decode have waited long enough; the rest is for after the step that they get now. */
	get hasMovedEnough(): boolean {
		return this.#movedMs > TARGET_STEP_MS / 2 && this.#isDecoding();
	}

	/** Gives a slot to the generation, which is started there. One has to be free; it is taken at once. */
	async place(generation: Generation): Promise<void> {
		const { slots } = this.#options;
		const { cacheScope, keepForNextTurn, isNextTurn } = generation.request;
		const prompt = generation.inputTokens;
		const placement = placePrompt(slots, this.#shelf.views, { prompt, cacheScope }, this.#costs());
		const slot = placement === null ? undefined : slots[placement.index];
		if (placement === null || slot === undefined) return;
		const { prefix, cachedTokens } = placement;
		const source = prefix.from === 'slot' ? slots[prefix.index] : undefined;
		const sequence = prefix.from === 'parked' ? this.#shelf.take(prefix.id) : null;
		if (keepForNextTurn !== null) {
			// Before the first answers nobody can go on with one.
			if (isNextTurn || (isNextTurn === false && this.#holdsConversations())) this.#users.observe(isNextTurn);
			if (source?.mayContinue && !source.isBusy && source.tokens.length === cachedTokens) source.leave();
		}
		slot.take(generation);
		await this.#park(slot, prefix.from === 'own' ? cachedTokens : 0);
		if (prefix.from !== 'own') slot.rewind(0);
		if (sequence !== null) {
			// A copy that is still to come would read or overwrite what is put there.
			if (!this.#unsettled.has(slot.index)) this.#movedMs += await this.#shelf.restore(slot, sequence);
			this.#shelf.giveBack(sequence, cachedTokens < sequence.tokens.length);
		}
		if (source !== undefined) slot.follows = { slot: source, generation: source.generation, tokens: cachedTokens };
		else this.#cut(slot, cachedTokens);
		slot.lastUsed = this.tick();
		slot.cacheScope = cacheScope;
		slot.mayContinue = keepForNextTurn !== null;
		generation.start(source === undefined ? slot.tokens.length : cachedTokens);
		await this.#follow(slot);
	}

	/** Somebody waits for what another slot reads. */
	get isAwaited(): boolean {
		return this.#options.slots.some(({ follows }) => follows !== null);
	}

	/** Copies to those that wait for what another slot was reading. Comes before anything else may take that slot. */
	async settle(): Promise<void> {
		for (const slot of this.#options.slots) await this.#follow(slot);
	}

	/** A step was evaluated. */
	stepped(): void {
		this.#unsettled.clear();
		this.#movedMs = 0;
	}

	/** Grows with every use of a slot. */
	tick(): number {
		return ++this.#uses;
	}

	close(): void {
		this.#shelf.close();
	}

	async #follow(slot: Slot): Promise<void> {
		const { follows, generation } = slot;
		if (follows === null || generation === null) return;
		const source = follows.slot;
		const isUnderWay = source.generation === follows.generation && source.isReading;
		if (source.tokens.length < follows.tokens ? isUnderWay : this.hasMovedEnough) return;
		slot.follows = null;
		// Whatever became of the source, it has what it has: its generation may have ended on the way.
		const known = source.cacheScope === slot.cacheScope ? commonPrefix(source.tokens, generation.inputTokens) : 0;
		const length = Math.min(follows.tokens, known);
		if (length >= LEAST_COPIED_TOKENS && this.#canCut) await this.#copy(slot, source, length);
		if (slot.tokens.length !== follows.tokens) generation.evaluateFrom(slot.tokens.length);
	}

	async #copy(slot: Slot, source: Slot, length: number): Promise<void> {
		const { context } = this.#options.native;
		try {
			await context.copySequenceStateFromOtherSequence(slot.index, source.index);
		} catch {
			slot.clear();
			return;
		}
		slot.hold(source.tokens);
		this.#cut(slot, length);
		this.#unsettled.add(slot.index).add(source.index);
		this.#movedMs += this.#options.copyMs;
		this.#copied++;
	}

	/** Before a slot loses all but `kept` tokens: somebody may come back for them. */
	async #park(slot: Slot, kept: number): Promise<void> {
		const tokenMs = this.#options.pace.promptTokenMs;
		const { length } = slot.tokens;
		const mayPark = slot.mayContinue && !this.#unsettled.has(slot.index);
		slot.mayContinue = false;
		if (!mayPark || tokenMs === null || length - kept < LEAST_SHARED_TOKENS) return;
		const recomputeMs = (length - kept) * tokenMs;
		if (!paysToPark({ recomputeMs, moveMs: this.#costs().moveMs(length), share: this.#users.share })) return;
		this.#movedMs += await this.#shelf.park(slot, length * tokenMs);
	}

	#cut(slot: Slot, length: number): void {
		const before = slot.tokens.length;
		slot.rewind(Math.min(length, before));
		if (slot.tokens.length === 0 && length > 0 && before > 0) this.#canCut = false;
	}

	#costs(): CacheCosts {
		const { copyMs, rows, pace } = this.#options;
		const mostMs = !this.#canCut ? -1 : this.#isDecoding() ? TARGET_STEP_MS : Number.POSITIVE_INFINITY;
		const bounded = (ms: number) => (ms <= mostMs ? ms : Number.POSITIVE_INFINITY);
		return {
			promptTokenMs: pace.promptTokenMs,
			copyMs: bounded(copyMs),
			moveMs: (tokens) => bounded(this.#shelf.moveMs(tokens)),
			rows,
		};
	}

	/** That nobody is in. */
	#holdsConversations(): boolean {
		const inSlots = this.#options.slots.some(({ isBusy, mayContinue }) => !isBusy && mayContinue);
		return inSlots || this.#shelf.views.length > 0;
	}

	#isDecoding(): boolean {
		return this.#options.slots.some(({ generation }) => generation?.isDecoding === true);
	}
}
