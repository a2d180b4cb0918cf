import type { PrefixCacheCounts } from '../protocol/worker-api.ts';
import type { Native } from './binding.ts';
import type { Generation } from './generation.ts';
import { type ParkedSequence, ParkedSequences } from './parked-sequences.ts';
import { type PrefillPace, TARGET_STEP_MS } from './prefill-pace.ts';
import type { SequenceFile, SequenceFiles } from './sequence-files.ts';
import type { Slot } from './slot.ts';
import { type CacheCosts, commonPrefix, LEAST_SHARED_TOKENS, placePrompt } from './slot-table.ts';

/** Where sequences are parked, and what is known of it beforehand. */
export type Parking = { files: SequenceFiles; budgetBytes: number; bytesPerToken: number };

export type PrefixCacheOptions = {
	native: Native;
	slots: readonly Slot[];
	pace: PrefillPace;
	/** Of one slot's cache over another's; Infinity where that cannot be done. */
	copyMs: number;
	/** Null parks nothing. */
	parking: Parking | null;
};

type Parked = ParkedSequence & SequenceFile;

/** Until it was measured: what copying memory to a file takes on slow machines. */
const FIRST_MS_PER_BYTE = 1e-6;
const NEWEST_WEIGHT = 0.3;

/**
 * Gives each generation a slot whose cache holds as much of its prompt as can be had for less than evaluating it: in place,
 * copied from another slot, or brought back from where it was parked. Runs between two steps. All of it stays inside one
 * cache scope, and nothing of it changes what is generated.
 */
export class PrefixCache {
	readonly #options: PrefixCacheOptions;
	readonly #parked: ParkedSequences<Parked>;
	/** Slots that the next decode copied from or to: until then their memory is not what it will be. */
	readonly #unsettled = new Set<number>();
	#msPerByte = FIRST_MS_PER_BYTE;
	/** What moved since the last step: the streams that decode wait for it. */
	#movedMs = 0;
	/** A model's memory that cannot be cut back (recurrent) is of use for nothing but its own sequence. */
	#canCut = true;
	#counts = { copied: 0, parked: 0, restored: 0 };
	#uses = 0;

	constructor(options: PrefixCacheOptions) {
		this.#options = options;
		const { parking } = options;
		this.#parked = new ParkedSequences(parking?.budgetBytes ?? 0, (sequence) => parking?.files.drop(sequence));
	}

	get stats(): PrefixCacheCounts {
		return { ...this.#counts, evicted: this.#parked.evictions, parkedBytes: this.#parked.bytes };
	}

	/** Gives a free slot to the generation, which is started there; false when there is none now. */
	async place(generation: Generation): Promise<boolean> {
		if (this.#hasMovedEnough()) return false;
		const { slots } = this.#options;
		const { cacheScope, keepForNextTurn } = generation.request;
		const prompt = generation.inputTokens;
		const placement = placePrompt(slots, this.#parked.views, { prompt, cacheScope }, this.#costs());
		const slot = placement === null ? undefined : slots[placement.index];
		if (placement === null || slot === undefined) return false;
		// Taken before anything is awaited: what arrives meanwhile finds it busy.
		slot.take(generation);
		const { prefix, cachedTokens } = placement;
		// Out of the budget before another comes in.
		const sequence = prefix.from === 'parked' ? this.#parked.take(prefix.id) : undefined;
		await this.#park(slot, prefix.from === 'own' ? cachedTokens : 0);
		if (prefix.from !== 'own') slot.rewind(0);
		if (sequence !== undefined) await this.#restore(slot, sequence, cachedTokens);
		const source = prefix.from === 'slot' ? slots[prefix.index] : undefined;
		if (source !== undefined) slot.follows = { slot: source, generation: source.generation, tokens: cachedTokens };
		else this.#cut(slot, cachedTokens);
		slot.lastUsed = this.tick();
		slot.cacheScope = cacheScope;
		slot.mayContinue = keepForNextTurn !== null;
		generation.start(source === undefined ? slot.tokens.length : cachedTokens);
		await this.#follow(slot);
		return true;
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
		this.#parked.clear();
	}

	async #follow(slot: Slot): Promise<void> {
		const { follows, generation } = slot;
		if (follows === null || generation === null) return;
		const source = follows.slot;
		const isUnderWay = source.generation === follows.generation && source.isReading;
		if (source.tokens.length < follows.tokens ? isUnderWay : this.#hasMovedEnough()) return;
		slot.follows = null;
		// Whatever became of the source, it has what it has: its generation may have ended on the way.
		const known = source.cacheScope === slot.cacheScope ? commonPrefix(source.tokens, generation.inputTokens) : 0;
		const length = Math.min(follows.tokens, known);
		if (length >= LEAST_SHARED_TOKENS && this.#canCut) await this.#copy(slot, source, length);
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
		this.#counts.copied++;
	}

	/** Before a slot loses all but `kept` tokens: somebody may come back for them. */
	async #park(slot: Slot, kept: number): Promise<void> {
		const { parking } = this.#options;
		const { cacheScope, tokens } = slot;
		const tokenMs = this.#options.pace.promptTokenMs;
		const lost = tokens.length - kept;
		const isWorth = slot.mayContinue && lost >= LEAST_SHARED_TOKENS && !this.#unsettled.has(slot.index);
		slot.mayContinue = false;
		if (parking === null || cacheScope === null || tokenMs === null || !isWorth) return;
		const { moveMs } = this.#costs();
		if (lost * tokenMs <= 2 * moveMs(tokens.length)) return;
		if (!this.#parked.canHold(tokens.length * parking.bytesPerToken)) return;
		try {
			const file = await this.#timed(() => parking.files.save(slot.index));
			const recomputeMs = tokens.length * tokenMs;
			this.#parked.add({ ...file, id: this.tick(), tokens: [...tokens], cacheScope, recomputeMs });
			this.#counts.parked++;
		} catch {
			// No room in memory: it will be evaluated again.
		}
	}

	async #restore(slot: Slot, sequence: Parked, length: number): Promise<void> {
		const { parking } = this.#options;
		if (parking === null) return;
		// A copy that is still to come would read or overwrite what is put there.
		let isWhole = this.#unsettled.has(slot.index) === false;
		try {
			if (isWhole) await this.#timed(() => parking.files.load(slot.index, sequence).then(() => sequence));
		} catch {
			isWhole = false;
			slot.clear();
		}
		if (isWhole) {
			slot.hold(sequence.tokens);
			this.#counts.restored++;
		}
		// It stays parked where only its beginning was wanted: the rest is somebody else's.
		if (length < sequence.tokens.length) this.#parked.add(sequence);
		else parking.files.drop(sequence);
	}

	#cut(slot: Slot, length: number): void {
		const before = slot.tokens.length;
		slot.rewind(Math.min(length, before));
		if (slot.tokens.length === 0 && length > 0 && before > 0) this.#canCut = false;
	}

	#costs(): CacheCosts {
		const { copyMs, pace } = this.#options;
		const bounded = (ms: number) =>
			this.#canCut && !(this.#isDecoding() && ms > TARGET_STEP_MS) ? ms : Number.POSITIVE_INFINITY;
		return {
			promptTokenMs: pace.promptTokenMs,
			copyMs: bounded(copyMs),
			moveMs: (tokens) => bounded(this.#moveMs(tokens)),
		};
	}

	#moveMs(tokens: number): number {
		const { parking } = this.#options;
		return parking === null ? Number.POSITIVE_INFINITY : tokens * parking.bytesPerToken * this.#msPerByte;
	}

	#isDecoding(): boolean {
		return this.#options.slots.some(({ generation }) => generation?.isDecoding === true);
	}

	/** Streams that decode have waited long enough; the rest is for after the step that they get now. */
	#hasMovedEnough(): boolean {
		return this.#movedMs > TARGET_STEP_MS / 2 && this.#isDecoding();
	}

	async #timed<File extends SequenceFile>(move: () => Promise<File>): Promise<File> {
		const startedMs = performance.now();
		const file = await move();
		const ms = performance.now() - startedMs;
		this.#movedMs += ms;
		// One move that the machine held up must not end all moving.
		const perByte = Math.min(ms / Math.max(1, file.bytes), 4 * this.#msPerByte);
		this.#msPerByte += (perByte - this.#msPerByte) * NEWEST_WEIGHT;
		return file;
	}
}
