import { commonPrefix, type ParkedView } from './slot-table.ts';

/** A sequence's keys and values outside of the context. */
export type ParkedSequence = ParkedView & {
	readonly bytes: number;
	/** What it would cost to evaluate its tokens again. */
	readonly recomputeMs: number;
};

/** Each holds a file open, and is looked at whenever a prompt is placed. */
export const MOST_PARKED = 256;

/** Of all conversations `share` is gone on with: these come back by one move, and all pay the one that saves them. */
export function paysToPark({ recomputeMs, moveMs, share }: { recomputeMs: number; moveMs: number; share: number }) {
	return share * (recomputeMs - moveMs) > moveMs;
}

/**
 * What is parked, within a budget of bytes. Who has to go is decided as GreedyDual-Size does: what costs least to evaluate
 * again for the bytes that it takes, where every eviction makes all that stays and is not asked for a little cheaper.
 */
export class ParkedSequences<Sequence extends ParkedSequence> {
	readonly #budgetBytes: number;
	readonly #onDrop: (sequence: Sequence) => void;
	readonly #entries = new Map<number, { sequence: Sequence; credit: number }>();
	#clock = 0;
	bytes = 0;
	/** Sequences that had to go for want of room. */
	evictions = 0;

	/** `onDrop` gets every sequence that leaves other than by `take`. */
	constructor(budgetBytes: number, onDrop: (sequence: Sequence) => void) {
		this.#budgetBytes = budgetBytes;
		this.#onDrop = onDrop;
	}

	get views(): Sequence[] {
		return [...this.#entries.values()].map(({ sequence }) => sequence);
	}

	get size(): number {
		return this.#entries.size;
	}

	/** Whether so many bytes could be parked, others leaving. */
	canHold(bytes: number): boolean {
		return bytes <= this.#budgetBytes;
	}

	/** Takes a sequence in, in the place of those of its scope that are its beginning; it may be the one that has to go. */
	add(sequence: Sequence): void {
		for (const { sequence: other } of this.#entries.values()) {
			const isBeginning =
				other.cacheScope === sequence.cacheScope && commonPrefix(other.tokens, sequence.tokens) === other.tokens.length;
			if (isBeginning) this.#drop(other);
		}
		this.#entries.set(sequence.id, { sequence, credit: this.#creditOf(sequence) });
		this.bytes += sequence.bytes;
		while (this.bytes > this.#budgetBytes || this.size > MOST_PARKED) this.#evict();
	}

	get(id: number): Sequence | undefined {
		return this.#entries.get(id)?.sequence;
	}

	/** It was of use: its credit is whole again. */
	touch(id: number): void {
		const entry = this.#entries.get(id);
		if (entry !== undefined) entry.credit = this.#creditOf(entry.sequence);
	}

	/** Gives a sequence away: whoever takes it has it now. */
	take(id: number): Sequence | undefined {
		const sequence = this.get(id);
		if (sequence === undefined) return undefined;
		this.#entries.delete(id);
		this.bytes -= sequence.bytes;
		return sequence;
	}

	clear(): void {
		for (const { sequence } of this.#entries.values()) this.#drop(sequence);
	}

	#creditOf(sequence: Sequence): number {
		return this.#clock + sequence.recomputeMs / Math.max(1, sequence.bytes);
	}

	#evict(): void {
		let least: { sequence: Sequence; credit: number } | null = null;
		for (const entry of this.#entries.values()) if (least === null || entry.credit < least.credit) least = entry;
		if (least === null) return;
		this.#clock = least.credit;
		this.evictions++;
		this.#drop(least.sequence);
	}

	#drop(sequence: Sequence): void {
		if (this.take(sequence.id) !== undefined) this.#onDrop(sequence);
	}
}
