/**
 * Requests that wait for a slot: first come, first served within a key, and the keys in turns, so that one which floods
 * waits behind itself. A plain value with one writer: every method is one synchronous step. Deadlines and aborts are
 * the caller's, through `remove`.
 */
export class AdmissionQueue<Item> {
	readonly #maxLength: number;
	/** Never holds an empty list. The order of the map is the order of turns. */
	readonly #byKey = new Map<string, Item[]>();
	#length = 0;

	constructor(maxLength: number) {
		this.#maxLength = maxLength;
	}

	get length(): number {
		return this.#length;
	}

	/** False when the queue is full. */
	enter(key: string, item: Item): boolean {
		if (this.#length >= this.#maxLength) return false;
		const items = this.#byKey.get(key);
		if (items === undefined) this.#byKey.set(key, [item]);
		else items.push(item);
		this.#length += 1;
		return true;
	}

	/** For a request that had its turn and lost its worker: ahead of its key's others, whether the queue is full or not. */
	enterAgain(key: string, item: Item): void {
		const items = this.#byKey.get(key);
		if (items === undefined) this.#byKey.set(key, [item]);
		else items.unshift(item);
		this.#length += 1;
	}

	/** False when it does not wait here (any more). */
	remove(key: string, item: Item): boolean {
		const items = this.#byKey.get(key);
		const index = items?.indexOf(item) ?? -1;
		if (items === undefined || index === -1) return false;
		items.splice(index, 1);
		if (items.length === 0) this.#byKey.delete(key);
		this.#length -= 1;
		return true;
	}

	/** How many leave before it when keys go on taking turns; null when it does not wait here (any more). */
	ahead(key: string, item: Item): number | null {
		const index = this.#byKey.get(key)?.indexOf(item) ?? -1;
		if (index === -1) return null;
		let ahead = index;
		let isBefore = true;
		for (const [other, items] of this.#byKey) {
			if (other === key) isBefore = false;
			else ahead += Math.min(items.length, isBefore ? index + 1 : index);
		}
		return ahead;
	}

	/**
	 * Offers the first of each key in turn until one is placed: it leaves the queue, its key goes to the end of the turns,
	 * and what `place` returned for it is returned. null when none could be placed.
	 */
	take<Placed>(place: (item: Item) => Placed | null): { item: Item; placed: Placed } | null {
		for (const [key, items] of this.#byKey) {
			const item = items[0];
			if (item === undefined) continue;
			const placed = place(item);
			if (placed === null) continue;
			this.#byKey.delete(key);
			items.shift();
			if (items.length > 0) this.#byKey.set(key, items);
			this.#length -= 1;
			return { item, placed };
		}
		return null;
	}

	/** Empties the queue. */
	takeAll(): Item[] {
		const items = [...this.#byKey.values()].flat();
		this.#byKey.clear();
		this.#length = 0;
		return items;
	}
}
