import { TokenRepeats } from './token-repeats.ts';

/** With the token before it a guess fills a batch of 4, 8 or 16 rows, which kernels on CPU multiply at a time. */
const FIRST_TOKENS = 3;
const MOST_TOKENS = 15;

/**
 * A generation's guesses at its next tokens, to be verified in one batch with its last one. At first they are kept silent
 * and held against the tokens that come, which costs nothing: they are spoken out once the last one was right. They grow
 * while they come true, and whoever guesses wrong from the first token on is silent again.
 */
export class Guesses {
	readonly #repeats = new TokenRepeats();
	#known = 0;
	#length = FIRST_TOKENS;
	#isTrusted = false;

	/** `text` is the prompt and all that came after it, and only ever grows. */
	next(text: { prompt: readonly number[]; generated: readonly number[] }, most: number): number[] {
		const { prompt, generated } = text;
		let wasRight = false;
		for (; this.#known < prompt.length + generated.length; this.#known++) {
			const id = prompt[this.#known] ?? generated[this.#known - prompt.length] ?? 0;
			const silent = this.#repeats.next;
			if (silent !== null && this.#known >= prompt.length) wasRight = silent === id;
			this.#repeats.push(id);
		}
		this.#isTrusted ||= wasRight;
		return this.#isTrusted ? this.#repeats.guess(Math.min(this.#length, most)) : [];
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
