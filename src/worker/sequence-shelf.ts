import { type ParkedSequence, ParkedSequences } from './parked-sequences.ts';
import type { SequenceFile, SequenceFiles } from './sequence-files.ts';
import type { Slot } from './slot.ts';

/** Where sequences are parked, and what is known of it beforehand. */
export type Parking = { files: SequenceFiles; budgetBytes: number; bytesPerToken: number };

export type Parked = ParkedSequence & SequenceFile;

/** Until it was measured: what copying memory to a file takes on slow machines. */
const FIRST_MS_PER_BYTE = 1e-6;
const NEWEST_WEIGHT = 0.3;

/** Takes sequences out of their slots and puts them back, within a budget, and knows what that costs. */
export class SequenceShelf {
	readonly #parking: Parking | null;
	readonly #sequences: ParkedSequences<Parked>;
	#msPerByte = FIRST_MS_PER_BYTE;
	#ids = 0;
	parked = 0;
	restored = 0;

	/** Null parks nothing. */
	constructor(parking: Parking | null) {
		this.#parking = parking;
		this.#sequences = new ParkedSequences(parking?.budgetBytes ?? 0, (sequence) => parking?.files.drop(sequence));
	}

	get views(): readonly Parked[] {
		return this.#sequences.views;
	}

	get counts() {
		const { evictions, bytes } = this.#sequences;
		return { parked: this.parked, restored: this.restored, evicted: evictions, parkedBytes: bytes };
	}

	/** One way. Infinity where nothing is parked. */
	moveMs(tokens: number): number {
		return this.#parking === null ? Number.POSITIVE_INFINITY : tokens * this.#parking.bytesPerToken * this.#msPerByte;
	}

	/** Keeps a copy of what the slot holds; resolves to the milliseconds that it took, 0 where there was no room. */
	async park(slot: Slot, recomputeMs: number): Promise<number> {
		const { cacheScope, tokens } = slot;
		const parking = this.#parking;
		if (parking === null || cacheScope === null) return 0;
		if (!this.#sequences.canHold(tokens.length * parking.bytesPerToken)) return 0;
		const startedMs = performance.now();
		try {
			const file = await parking.files.save(slot.index);
			this.#sequences.add({ ...file, id: this.#ids++, tokens: [...tokens], cacheScope, recomputeMs });
			this.parked++;
			return this.#learn(startedMs, file);
		} catch {
			return 0; // it will be evaluated again
		}
	}

	/** Out of the budget, before another sequence comes in. */
	take(id: number): Parked | null {
		return this.#sequences.take(id) ?? null;
	}

	/** Puts what was taken into a slot, which is empty afterwards if that fails; resolves to the milliseconds. */
	async restore(slot: Slot, sequence: Parked): Promise<number> {
		const startedMs = performance.now();
		try {
			await this.#parking?.files.load(slot.index, sequence);
		} catch {
			slot.clear();
			return 0;
		}
		slot.hold(sequence.tokens);
		this.restored++;
		return this.#learn(startedMs, sequence);
	}

	/** What was taken stays parked, where only its beginning was wanted: the rest is somebody else's. Or it goes. */
	giveBack(sequence: Parked, stays: boolean): void {
		if (stays) this.#sequences.add(sequence);
		else this.#parking?.files.drop(sequence);
	}

	close(): void {
		this.#sequences.clear();
	}

	#learn(startedMs: number, { bytes }: SequenceFile): number {
		const ms = performance.now() - startedMs;
		// One move that the machine held up must not end all moving.
		const perByte = Math.min(ms / Math.max(1, bytes), 4 * this.#msPerByte);
		this.#msPerByte += (perByte - this.#msPerByte) * NEWEST_WEIGHT;
		return ms;
	}
}
