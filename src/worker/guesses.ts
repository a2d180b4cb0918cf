import { TokenRepeats } from './token-repeats.ts';

/** With the token before it a guess fills a batch of 4, 8 or 16 rows: on CPU each row left over costs as much as four. */
const FIRST_TOKENS = 3;
const MOST_TOKENS = 15;

/**
 * A generation's guesses at its next tokens, to be verified in one batch with its last one. A first one is kept to itself
 * and held against the token that comes, which costs nothing: guesses are spoken out once one of those was right. They grow
 * while they come true, and whoever guesses wrong from the first token on is silent again.
 */
export class Guesses {
	readonly #repeats = new TokenRepeats();
	#known = 0;
	#length = FIRST_TOKENS;
	#isTrusted = false;
	#silent: { id: number; at: number } | null = null;

	/** `text` is the prompt and all that came after it, and only ever grows. */
	next(text: { prompt: readonly number[]; generated: readonly number[] }, most: number): number[] {
		const { prompt, generated } = text;
		for (; this.#known < prompt.length + generated.length; this.#known++) {
			this.#repeats.push(prompt[this.#known] ?? generated[this.#known - prompt.length] ?? 0);
		}
		if (this.#silent !== null && generated[this.#silent.at] === this.#silent.id) this.#isTrusted = true;
		this.#silent = null;
		const guess = this.#repeats.guess(Math.min(this.#length, most));
		if (this.#isTrusted) return guess;
		const [id] = guess;
		if (id !== undefined) this.#silent = { id, at: generated.length };
		return [];
	}

	/** Of `guessed` tokens the first `right` came true. */
	observe(guessed: number, right: number): void {
		if (right === 0) {
			this.#length = FIRST_TOKENS;
			this.#isTrusted = false;
			return;
		}
		this.#length = right === guessed ? Math.min(MOST_TOKENS, this.#length * 2 + 1) : right + 1;
	}
}
