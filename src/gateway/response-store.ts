import type { ConversationItem } from '../protocol/responses-input.ts';
import type { ResponseObject } from '../protocol/responses-response.ts';

/** An item that has got an id, by which later requests may name it. */
export type KeptItem = ConversationItem & { id: string };

export type KeptResponse = {
	response: ResponseObject;
	/** The whole conversation that led to it, with that of the responses before. */
	input: KeptItem[];
	/** Its output as the input of what comes next. */
	output: KeptItem[];
};

export type ResponseStoreLimits = { maxEntries: number; ttlSeconds: number; maxBytes: number };

/** Where responses are kept: in this process, or where other gateways find them too. */
export type ResponseKeeper = {
	readonly keepsAny: boolean;
	put(scopeName: string, kept: KeptResponse): void | Promise<void>;
	get(scopeName: string, id: string): KeptResponse | null | Promise<KeptResponse | null>;
	findItem(scopeName: string, id: string): KeptItem | null | Promise<KeptItem | null>;
	/** Whether it was there. */
	delete(scopeName: string, id: string): boolean | Promise<boolean>;
};

type Entry = KeptResponse & { bytes: number; expiresAt: number };
type Scope = { entries: Map<string, Entry>; items: Map<string, { item: KeptItem; uses: number }>; bytes: number };

/** What an object costs beside its texts, about. */
const BYTES_PER_ITEM = 200;

/**
 * Responses in memory, each for the key that made it. Bounded by number, size and age; when it is full, the oldest go of
 * the key that holds the most, so that one key cannot push out the others. A conversation stands whole in each of its
 * responses: that an earlier one has gone does not break it.
 */
export class ResponseStore implements ResponseKeeper {
	readonly #limits: ResponseStoreLimits;
	readonly #nowMs: () => number;
	readonly #scopes = new Map<string, Scope>();
	#size = 0;
	#bytes = 0;

	constructor(limits: ResponseStoreLimits, nowMs: () => number) {
		this.#limits = limits;
		this.#nowMs = nowMs;
	}

	get keepsAny(): boolean {
		return this.#limits.maxEntries > 0;
	}

	get size(): number {
		return this.#size;
	}

	put(scopeName: string, kept: KeptResponse): void {
		const bytes = sizeOf(kept);
		this.#dropExpired();
		if (!this.keepsAny || bytes > this.#limits.maxBytes) return;
		const scope = this.#scopes.get(scopeName) ?? { entries: new Map(), items: new Map(), bytes: 0 };
		this.#scopes.set(scopeName, scope);
		scope.entries.set(kept.response.id, { ...kept, bytes, expiresAt: this.#nowMs() + this.#limits.ttlSeconds * 1000 });
		for (const item of itemsOf(kept)) {
			scope.items.set(item.id, { item, uses: (scope.items.get(item.id)?.uses ?? 0) + 1 });
		}
		scope.bytes += bytes;
		this.#bytes += bytes;
		this.#size += 1;
		while (this.#size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes) this.#dropOne();
	}

	get(scopeName: string, id: string): KeptResponse | null {
		this.#dropExpired();
		return this.#scopes.get(scopeName)?.entries.get(id) ?? null;
	}

	findItem(scopeName: string, id: string): KeptItem | null {
		this.#dropExpired();
		return this.#scopes.get(scopeName)?.items.get(id)?.item ?? null;
	}

	delete(scopeName: string, id: string): boolean {
		this.#dropExpired();
		const isKept = this.#scopes.get(scopeName)?.entries.has(id) === true;
		this.#drop(scopeName, id);
		return isKept;
	}

	/** Of each key the oldest come first, and all are kept equally long. */
	#dropExpired(): void {
		const now = this.#nowMs();
		for (const [name, scope] of this.#scopes) {
			for (const [id, entry] of scope.entries) {
				if (entry.expiresAt > now) break;
				this.#drop(name, id);
			}
		}
	}

	#dropOne(): void {
		let largest: { name: string; scope: Scope } | null = null;
		for (const [name, scope] of this.#scopes) {
			if (largest === null || scope.bytes > largest.scope.bytes) largest = { name, scope };
		}
		const [oldest] = largest?.scope.entries.keys() ?? [];
		if (largest !== null && oldest !== undefined) this.#drop(largest.name, oldest);
	}

	#drop(scopeName: string, id: string): void {
		const scope = this.#scopes.get(scopeName);
		const entry = scope?.entries.get(id);
		if (scope === undefined || entry === undefined) return;
		scope.entries.delete(id);
		for (const item of itemsOf(entry)) {
			const known = scope.items.get(item.id);
			if (known === undefined) continue;
			known.uses -= 1;
			if (known.uses === 0) scope.items.delete(item.id);
		}
		scope.bytes -= entry.bytes;
		this.#bytes -= entry.bytes;
		this.#size -= 1;
		if (scope.entries.size === 0) this.#scopes.delete(scopeName);
	}
}

function itemsOf({ input, output }: KeptResponse): KeptItem[] {
	return [...input, ...output];
}

/** Items that several responses share are counted for each: too much is safe, too little is not. */
function sizeOf(kept: KeptResponse): number {
	let bytes = JSON.stringify(kept.response).length;
	for (const item of itemsOf(kept)) bytes += BYTES_PER_ITEM + textLengthOf(item);
	return bytes;
}

function textLengthOf(item: KeptItem): number {
	const lengthOf = (texts: string[]) => texts.reduce((sum, text) => sum + text.length, 0);
	switch (item.type) {
		case 'message':
			return lengthOf(item.content);
		case 'function_call':
			return item.arguments.length + item.name.length;
		case 'function_call_output':
			return lengthOf(item.output);
		case 'reasoning':
			return 0;
	}
}
