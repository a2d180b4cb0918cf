import type { Generation } from './generation.ts';
import type { PrefixCache } from './prefix-cache.ts';
import type { Slot } from './slot.ts';

/** Requests that may wait for a slot, a slot. The gateway queues; this is for its races and for bare workers. */
const MAX_WAITING_PER_SLOT = 4;

/** Requests without a slot yet: first come, first served. */
export class WaitingLine {
	readonly #slots: readonly Slot[];
	readonly #cache: PrefixCache;
	readonly #contextTokens: number;
	#generations: Generation[] = [];

	constructor(slots: readonly Slot[], cache: PrefixCache, contextTokens: number) {
		this.#slots = slots;
		this.#cache = cache;
		this.#contextTokens = contextTokens;
	}

	get generations(): readonly Generation[] {
		return this.#generations;
	}

	get length(): number {
		return this.#generations.length;
	}

	get isFull(): boolean {
		const busy = this.#slots.filter(({ isBusy }) => isBusy).length;
		return this.length + busy >= this.#slots.length * (1 + MAX_WAITING_PER_SLOT);
	}

	push(generation: Generation): void {
		this.#generations.push(generation);
	}

	/** Gives slots to those that can have one. A generation is in the line or in a slot whatever happens meanwhile. */
	async admit(): Promise<void> {
		await this.#cache.settle();
		for (;;) {
			this.#generations = this.#generations.filter((generation) => !generation.isCancelled);
			if (this.#cache.hasMovedEnough || this.#slots.every(({ isBusy }) => isBusy)) return;
			const next = this.#generations.shift();
			if (next === undefined) return;
			await this.#cache.place(next);
			if (next.inputTokens.length >= this.#contextTokens) next.endForLength();
		}
	}

	/** All of them, in order; the line is empty then. */
	leave(): Generation[] {
		return this.#generations.splice(0);
	}
}
