import type { KeptItem, KeptResponse, ResponseKeeper, ResponseStore } from '../response-store.ts';
import type { SharedState } from './shared-state.ts';

/**
 * Responses that every gateway finds: each under its key's scope, with its items, for as long as responses are kept. What
 * this gateway made it keeps itself too, so that its own go on being found while Redis does not answer.
 */
export class SharedResponses implements ResponseKeeper {
	readonly #shared: SharedState;
	readonly #local: ResponseStore;
	readonly #ttlMs: number;

	constructor(shared: SharedState, local: ResponseStore, ttlSeconds: number) {
		this.#shared = shared;
		this.#local = local;
		this.#ttlMs = Math.ceil(ttlSeconds * 1000);
	}

	get keepsAny(): boolean {
		return this.#local.keepsAny;
	}

	async put(scopeName: string, kept: KeptResponse): Promise<void> {
		this.#local.put(scopeName, kept);
		if (!this.keepsAny) return;
		await this.#shared.ask((redis) => {
			const pipeline = redis
				.pipeline()
				.set(keyOf(scopeName, kept.response.id), JSON.stringify(kept), 'PX', this.#ttlMs);
			for (const item of [...kept.input, ...kept.output])
				pipeline.set(itemKeyOf(scopeName, item.id), JSON.stringify(item), 'PX', this.#ttlMs);
			return pipeline.exec();
		});
	}

	async get(scopeName: string, id: string): Promise<KeptResponse | null> {
		// Both are what `put` wrote: nobody else writes under this prefix.
		return this.#local.get(scopeName, id) ?? ((await this.#read(keyOf(scopeName, id))) as KeptResponse | null);
	}

	async findItem(scopeName: string, id: string): Promise<KeptItem | null> {
		return this.#local.findItem(scopeName, id) ?? ((await this.#read(itemKeyOf(scopeName, id))) as KeptItem | null);
	}

	async delete(scopeName: string, id: string): Promise<boolean> {
		const wasHere = this.#local.delete(scopeName, id);
		const answer = await this.#shared.ask((redis) => redis.del(keyOf(scopeName, id)));
		return wasHere || (answer?.value ?? 0) > 0;
	}

	async #read(key: string): Promise<unknown> {
		const answer = await this.#shared.ask((redis) => redis.get(key));
		const text = answer?.value ?? null;
		return text === null ? null : JSON.parse(text);
	}
}

function keyOf(scopeName: string, id: string): string {
	return `response:${scopeName}:${id}`;
}

function itemKeyOf(scopeName: string, id: string): string {
	return `item:${scopeName}:${id}`;
}
