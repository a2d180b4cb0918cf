/** Tokens that have to be the same before what followed them once is taken for a guess. */
const GRAM_TOKENS = 3;
/** Above every vocabulary in use; a key that two grams share costs a wrong guess and nothing else. */
const ID_RANGE = 200_000;

/**
 * What may come next in a text, if it goes on as it did where its last tokens stood before: answers repeat their thought,
 * and code repeats itself and the prompt. A push is one map entry.
 */
export class TokenRepeats {
	readonly #tokens: number[] = [];
	readonly #after = new Map<number, number>();
	/** Where the text went on when its last tokens stood before; null when they never did. */
	#match: number | null = null;

	push(id: number): void {
		this.#tokens.push(id);
		const end = this.#tokens.length;
		if (end < GRAM_TOKENS) return;
		let key = 0;
		for (const token of this.#tokens.slice(-GRAM_TOKENS)) key = key * ID_RANGE + token;
		this.#match = this.#after.get(key) ?? null;
		this.#after.set(key, end);
	}

	/** Null where its last tokens never stood before. */
	get next(): number | null {
		return this.#match === null ? null : (this.#tokens[this.#match] ?? null);
	}

	/** At most `count` tokens; a loop is guessed past the end of what is there. */
	guess(count: number): number[] {
		const guess: number[] = [];
		if (this.#match === null) return guess;
		for (let at = this.#match; guess.length < count; at++) {
			const id = this.#tokens[at] ?? guess[at - this.#tokens.length];
			if (id === undefined) break;
			guess.push(id);
		}
		return guess;
	}
}
