import { workerFailed } from '../errors.ts';
import type { Generation } from './generation.ts';
import type { Slot } from './slot.ts';

/** Drawn when the grammar is at its end and the vocabulary has no token to say so. */
export const NO_TOKEN = -1;

/** Takes what steps in a row draw for a slot, while they go on. What was drawn for nothing is cut from the cache at their end. */
export class DrawnRun {
	readonly #slot: Slot;
	readonly #generation: Generation;
	/** A token led to more than itself: so far the slot's text holds, and this comes after it. */
	#turn: { length: number; forced: readonly number[] } | null = null;

	constructor(slot: Slot, generation: Generation) {
		this.#slot = slot;
		this.#generation = generation;
	}

	/** What is drawn from now on is of use. */
	get goesOn(): boolean {
		const { isFinished, isCancelled } = this.#generation;
		return this.#turn === null && !isFinished && !isCancelled;
	}

	/** Tokens that the cache holds, or will when the step under way is over. */
	follow(ids: readonly number[]): void {
		const { tokens } = this.#slot;
		for (const id of ids) {
			tokens.push(id);
			if (!this.goesOn) continue;
			this.#accept(id);
			const [, ...forced] = this.#generation.pending;
			this.#generation.pending = [];
			if (forced.length > 0) this.#turn = { length: tokens.length, forced };
		}
	}

	/** The steps are over. The last of these tokens is in no cache. */
	end(ids: readonly number[]): void {
		this.follow(ids.slice(0, -1));
		const last = ids.at(-1);
		if (last !== undefined && this.goesOn) this.#accept(last);
		if (this.#turn === null || this.#generation.isFinished || this.#generation.isCancelled) return;
		const kept = this.#slot.tokens.slice(0, this.#turn.length);
		this.#slot.rewind(kept.length);
		this.#generation.pending = [...kept.slice(this.#slot.tokens.length), ...this.#turn.forced];
	}

	#accept(id: number): void {
		try {
			if (id < NO_TOKEN) throw workerFailed('Sampling failed.');
			if (id === NO_TOKEN) this.#generation.endOfGrammar();
			else this.#generation.accept(id, null);
		} catch (cause) {
			failDraw(this.#generation, cause);
		}
	}
}

/** A grammar that stumbles is its own request's fault; the context is whole. */
export function failDraw(generation: Generation, cause: unknown): void {
	generation.fail('generation_failed', cause instanceof Error ? cause.message : 'Sampling failed.');
}
