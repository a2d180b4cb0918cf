type Line<Item> = {
	items: Item[];
	/** Of those that leave the queue in one round of turns, how many are this key's. */
	weight: number;
	/** What is left of its turn. */
	left: number;
};

/**
 * Requests that wait for a slot: first come, first served within a key, and the keys in turns by weight, so that one
 * which floods waits behind itself, and gives way when the queue is full. A plain value with one writer: every method is
 * one synchronous step. Deadlines and aborts are the caller's, through `remove`.
 */
export class AdmissionQueue<Item> {
	readonly #maxLength: number;
	/** Never holds an empty line. The order of the map is the order of turns. */
	readonly #byKey = new Map<string, Line<Item>>();
	#length = 0;

	constructor(maxLength: number) {
		this.#maxLength = maxLength;
	}

	get length(): number {
		return this.#length;
	}

	/**
	 * False when the queue is full and this key has its share of it. Where another has more than its share, the last of
	 * that one's line is displaced instead and returned.
	 */
	enter(key: string, item: Item, weight = 1): { hasEntered: boolean; displaced: Item | null } {
		let displaced: Item | null = null;
		if (this.#length >= this.#maxLength) {
			const yielding = this.#yieldingTo(key, weight);
			if (yielding === null) return { hasEntered: false, displaced };
			displaced = yielding.last;
			this.remove(yielding.key, displaced);
		}
		this.#lineOf(key, weight).items.push(item);
		this.#length += 1;
		return { hasEntered: true, displaced };
	}

	/** Whether `enter` would take a request of this key. */
	hasRoomFor(key: string, weight = 1): boolean {
		return this.#length < this.#maxLength || this.#yieldingTo(key, weight) !== null;
	}

	/** For a request that had its turn and lost its worker: ahead of its key's others, whether the queue is full or not. */
	enterAgain(key: string, item: Item, weight = 1): void {
		this.#lineOf(key, weight).items.unshift(item);
		this.#length += 1;
	}

	/** False when it does not wait here (any more). */
	remove(key: string, item: Item): boolean {
		const items = this.#byKey.get(key)?.items;
		const index = items?.indexOf(item) ?? -1;
		if (items === undefined || index === -1) return false;
		items.splice(index, 1);
		if (items.length === 0) this.#byKey.delete(key);
		this.#length -= 1;
		return true;
	}

	/** How many leave before it when keys go on taking turns; null when it does not wait here (any more). */
	ahead(key: string, item: Item): number | null {
		const index = this.#byKey.get(key)?.items.indexOf(item) ?? -1;
		if (index === -1) return null;
		const turns = [...this.#byKey].map(([name, { items, weight, left }]) => ({
			name,
			weight,
			left,
			rest: items.length,
		}));
		let ahead = 0;
		let mine = index;
		while (true) {
			for (const turn of turns) {
				const leaving = Math.min(turn.left, turn.rest);
				if (turn.name === key) {
					if (mine < leaving) return ahead + mine;
					mine -= leaving;
				}
				ahead += leaving;
				turn.rest -= leaving;
				turn.left = turn.weight;
			}
		}
	}

	/**
	 * Offers the first of each key in turn until one is placed: it leaves the queue, its key goes to the end of the turns
	 * once its weight is used up, and what `place` returned for it is returned. null when none could be placed.
	 */
	take<Placed>(place: (item: Item) => Placed | null): { item: Item; placed: Placed } | null {
		for (const [key, line] of this.#byKey) {
			const item = line.items[0];
			if (item === undefined) continue;
			const placed = place(item);
			if (placed === null) continue;
			line.items.shift();
			line.left -= 1;
			if (line.items.length === 0) this.#byKey.delete(key);
			else if (line.left === 0) {
				line.left = line.weight;
				this.#byKey.delete(key);
				this.#byKey.set(key, line);
			}
			this.#length -= 1;
			return { item, placed };
		}
		return null;
	}

	/** Empties the queue. */
	takeAll(): Item[] {
		const items = [...this.#byKey.values()].flatMap((line) => line.items);
		this.#byKey.clear();
		this.#length = 0;
		return items;
	}

	#lineOf(key: string, weight: number): Line<Item> {
		const known = this.#byKey.get(key);
		if (known !== undefined) return known;
		const line = { items: [], weight, left: weight };
		this.#byKey.set(key, line);
		return line;
	}

	/** Who gives way to one more of this key when the queue is full: the last of a key that has more than its share. */
	#yieldingTo(key: string, weight: number): { key: string; last: Item } | null {
		const mine = ((this.#byKey.get(key)?.items.length ?? 0) + 1) / weight;
		const greediest = this.#greediest();
		return greediest === null || greediest.share <= mine ? null : greediest;
	}

	/** The key that waits with most for its weight, and the last of its line. */
	#greediest(): { key: string; share: number; last: Item } | null {
		let greediest: { key: string; share: number; last: Item } | null = null;
		for (const [key, { items, weight }] of this.#byKey) {
			const last = items.at(-1);
			const share = items.length / weight;
			if (last !== undefined && share > (greediest?.share ?? 0)) greediest = { key, share, last };
		}
		return greediest;
	}
}
