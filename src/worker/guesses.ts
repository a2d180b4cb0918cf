import { TokenRepeats } from './token-repeats.ts';

const FIRST_TOKENS = 4;
const MOST_TOKENS = 16;
const LONGEST_PAUSE_STEPS = 64;

/**
 * A generation's guesses at its next tokens, to be verified in one batch with its last one. They grow while they come
 * true; whoever guesses wrong from the first token on is silent for a while, longer each time.
 */
export class Guesses {
	readonly #repeats = new TokenRepeats();
	#known = 0;
	#length = FIRST_TOKENS;
	#pauseSteps = 0;
	#nextPauseSteps = 1;

	/** `text` is the prompt and all that came after it, and only ever grows. */
	next(text: { prompt: readonly number[]; generated: readonly number[] }, most: number): number[] {
		const { prompt, generated } = text;
		for (; this.#known < prompt.length + generated.length; this.#known++) {
			this.#repeats.push(prompt[this.#known] ?? generated[this.#known - prompt.length] ?? 0);
		}
		if (this.#pauseSteps > 0) {
			this.#pauseSteps--;
			return [];
		}
		return this.#repeats.guess(Math.min(this.#length, most));
	}

	/** Of `guessed` tokens the first `right` came true. */
	observe(guessed: number, right: number): void {
		if (right === 0) {
			this.#length = FIRST_TOKENS;
			this.#pauseSteps = this.#nextPauseSteps;
			this.#nextPauseSteps = Math.min(LONGEST_PAUSE_STEPS, this.#nextPauseSteps * 2);
			return;
		}
		this.#nextPauseSteps = 1;
		this.#length = right === guessed ? Math.min(MOST_TOKENS, this.#length * 2) : right + 1;
	}
}
