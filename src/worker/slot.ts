import type { Native, NativeSampler } from './binding.ts';
import type { Generation } from './generation.ts';
import { commonPrefix, type SlotView } from './slot-table.ts';

/** One sequence of the context: its KV cache, its sampler, and who holds it. */
export class Slot implements SlotView {
	readonly index: number;
	readonly sampler: NativeSampler;
	readonly tokens: number[] = [];
	cacheScope: string | null = null;
	lastUsed = 0;
	generation: Generation | null = null;
	/** Tokens to evaluate while nobody holds the slot: the next turn's prompt, as far as it is known. */
	warmUp: number[] = [];
	readonly #context: Native['context'];

	constructor(index: number, native: Native) {
		this.index = index;
		this.sampler = native.createSampler();
		this.#context = native.context;
	}

	get isBusy(): boolean {
		return this.generation !== null;
	}

	/** What the next batches have to evaluate here. */
	get pending(): number[] {
		return this.generation?.pending ?? this.warmUp;
	}

	set pending(tokens: number[]) {
		if (this.generation === null) this.warmUp = tokens;
		else this.generation.pending = tokens;
	}

	/** Cuts the cache back to `length` tokens; to nothing where the model's memory cannot be cut. */
	rewind(length: number): void {
		if (this.tokens.length === length) return;
		if (length > 0 && this.#context.removeTokenCellsFromSequence(this.index, length, -1)) {
			this.tokens.length = length;
		} else {
			this.#context.disposeSequence(this.index);
			this.tokens.length = 0;
		}
	}

	/**
	 * Goes back to where the thought began, so that idle steps evaluate the answer as the next turn will render it. The
	 * cache is never shifted: every token is evaluated at its own place, and what the next turn finds is exact.
	 */
	prepareNextTurn(nextTurn: readonly number[]): void {
		const kept = commonPrefix(this.tokens, nextTurn);
		this.rewind(kept);
		this.warmUp = nextTurn.slice(this.tokens.length);
	}
}
