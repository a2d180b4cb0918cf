import type { Generation } from './generation.ts';
import type { Slot } from './slot.ts';
import type { createPromptTokeniser } from './tokenise-prompt.ts';

export type NextTurnOptions = {
	contextTokens: number;
	tokenisePrompt: ReturnType<typeof createPromptTokeniser>;
};

/** Whoever asks again at once, a script, does not wait for a warm-up that has just begun. */
const PAUSE_MS = 20;

/** What happens in a slot after its answer: the conversation's next prompt is evaluated as far as it is known. */
export class NextTurns {
	readonly #options: NextTurnOptions;
	#lastReleaseMs = Number.NEGATIVE_INFINITY;
	#endPause: () => void = () => undefined;

	constructor(options: NextTurnOptions) {
		this.#options = options;
	}

	/** A generation has left its slot. */
	released(): void {
		this.#lastReleaseMs = performance.now();
	}

	/** Goes back to where the thought began, and leaves the answer to be read as the next prompt will have it. */
	prepare(slot: Slot, generation: Generation): void {
		const next = generation.request.keepForNextTurn;
		if (next === null) return;
		const tokens = this.#options.tokenisePrompt([...next.head, ...generation.answer, ...next.tail]);
		if (tokens.length < this.#options.contextTokens) slot.prepareNextTurn(tokens);
	}

	/** How long those who may follow at once have to come. */
	get pauseMs(): number {
		return this.#lastReleaseMs + PAUSE_MS - performance.now();
	}

	/** Resolves after `pauseMs`, or when somebody comes. */
	pause(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, this.pauseMs);
			this.#endPause = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	/** Somebody came. */
	endPause(): void {
		this.#endPause();
	}
}
