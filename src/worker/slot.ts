import type { Native, NativeSampler } from './binding.ts';
import type { Generation } from './generation.ts';
import { resetConfig } from './sampling.ts';
import { commonPrefix, type SlotView } from './slot-table.ts';

/** One sequence of the context: its KV cache, its sampler, and who holds it. */
export class Slot implements SlotView {
	readonly index: number;
	readonly sampler: NativeSampler;
	readonly tokens: number[] = [];
	cacheScope: string | null = null;
	lastUsed = 0;
	generation: Generation | null = null;
	/** Waits until another slot has read so many tokens that both prompts begin with, to copy them. */
	follows: { slot: Slot; generation: Generation | null; tokens: number } | null = null;
	mayContinue = false;
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

	/** A prompt is being read, and will be in the cache. */
	get isReading(): boolean {
		const { generation } = this;
		return generation?.isPrefill === true && !generation.isPaused && !generation.isCancelled;
	}

	/** What follows `tokens` in the cache when it is read. */
	get arriving(): readonly number[] {
		return this.isReading && this.follows === null ? (this.generation?.pending ?? []) : [];
	}

	/** What the next batches have to evaluate here. */
	get pending(): number[] {
		return this.generation?.pending ?? this.warmUp;
	}

	set pending(tokens: number[]) {
		if (this.generation === null) this.warmUp = tokens;
		else this.generation.pending = tokens;
	}

	take(generation: Generation): void {
		this.generation = generation;
		this.warmUp = [];
		this.sampler.applyConfig(resetConfig(generation.seed));
	}

	/** What it evaluated stays in the cache. */
	release(): void {
		this.generation = null;
		this.follows = null;
	}

	/** Its conversation goes on in another slot. */
	leave(): void {
		this.mayContinue = false;
		this.warmUp = [];
	}

	/** Cuts the cache back to `length` tokens; to nothing where the model's memory cannot be cut. */
	rewind(length: number): void {
		if (this.tokens.length === length) return;
		if (length > 0 && this.#context.removeTokenCellsFromSequence(this.index, length, -1)) {
			this.tokens.length = length;
		} else {
			this.clear();
		}
	}

	clear(): void {
		this.#context.disposeSequence(this.index);
		this.tokens.length = 0;
	}

	/** The cache was filled from outside. */
	hold(tokens: readonly number[]): void {
		this.tokens.length = 0;
		for (const id of tokens) this.tokens.push(id);
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
