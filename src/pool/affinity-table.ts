import type { PrefixKey } from './prefix-keys.ts';

/** Which worker saw which prompt prefix last: a hint for placement, bounded, the least recently used forgotten first. */
export class AffinityTable {
	readonly #maxEntries: number;
	readonly #workerByPrefix = new Map<string, string>();

	constructor(maxEntries: number) {
		this.#maxEntries = maxEntries;
	}

	/** For each worker the share of the prompt that it knows. `keys` must be longest first. */
	lookup(keys: readonly PrefixKey[]): Map<string, number> {
		const shares = new Map<string, number>();
		for (const { key, share } of keys) {
			const worker = this.#workerByPrefix.get(key);
			if (worker !== undefined && !shares.has(worker)) shares.set(worker, share);
		}
		return shares;
	}

	remember(keys: readonly PrefixKey[], worker: string): void {
		for (const { key } of keys) {
			this.#workerByPrefix.delete(key);
			this.#workerByPrefix.set(key, worker);
		}
		for (const key of this.#workerByPrefix.keys()) {
			if (this.#workerByPrefix.size <= this.#maxEntries) return;
			this.#workerByPrefix.delete(key);
		}
	}
}
