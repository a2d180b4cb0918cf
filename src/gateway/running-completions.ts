import { type RetortError, shuttingDown } from '../errors.ts';
import type { Caller } from './caller.ts';

export type RunningCompletion = {
	id: string;
	/** Ids of its generations, as the pool knows them: one a choice. */
	generations: readonly string[];
	model: string;
	caller: Caller;
	cancel(reason: RetortError): void;
};

/** Everything that generates, from admission to its last byte or its failure. What draining waits for. */
export class RunningCompletions {
	#isDraining = false;
	readonly #byId = new Map<string, RunningCompletion>();
	#whenEmpty: (() => void)[] = [];

	get isDraining(): boolean {
		return this.#isDraining;
	}

	get size(): number {
		return this.#byId.size;
	}

	/** Throws `shutting_down` once draining has begun. */
	add(completion: RunningCompletion): void {
		if (this.#isDraining) throw shuttingDown();
		this.#byId.set(completion.id, completion);
	}

	remove(id: string): void {
		this.#byId.delete(id);
		if (this.#byId.size > 0) return;
		const waiting = this.#whenEmpty;
		this.#whenEmpty = [];
		for (const resolve of waiting) resolve();
	}

	/** Only its own caller finds a completion; for everyone else it does not exist. */
	find(id: string, caller: Pick<Caller, 'keyId'>): RunningCompletion | null {
		const completion = this.#byId.get(id);
		return completion !== undefined && completion.caller.keyId === caller.keyId ? completion : null;
	}

	beginDrain(): void {
		this.#isDraining = true;
	}

	empty(): Promise<void> {
		if (this.#byId.size === 0) return Promise.resolve();
		return new Promise((resolve) => this.#whenEmpty.push(resolve));
	}

	cancelAll(reason: RetortError): void {
		for (const completion of this.#byId.values()) completion.cancel(reason);
	}
}
