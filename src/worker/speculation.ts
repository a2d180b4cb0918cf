import type { DraftModel } from './draft-model.ts';
import type { Generation } from './generation.ts';
import type { GuessGain } from './guess-gain.ts';
import type { Slot } from './slot.ts';

/** Beyond this even a good draft is seldom right. llama.cpp's `--draft-max`. */
const DRAFT_TOKENS = 16;

/** What a step gave that had one generation in it. */
export type LoneResult = { ms: number; guessed: number; right: number };

/** Guesses at the next tokens of a generation that decodes alone: one batch verifies them with its last token. */
export type Speculation = {
	/** At most `most`, none where it was measured not to pay. `slot` holds the whole text, its last token included. */
	guess(slot: Slot, generation: Generation, most: number): readonly number[] | Promise<readonly number[]>;
	/** Whether `guess` is worth a call, while plain steps follow each other. */
	hasGuess(generation: Generation, most: number): boolean;
	/** After each step of one generation alone. */
	observe(generation: Generation, result: LoneResult): void;
};

export type SpeculationSources = {
	/** What the text repeats. */
	repeats: GuessGain;
	draft: { model: DraftModel; gain: GuessGain; onFailure: (error: unknown) => void } | null;
};

/**
 * Repeats cost nothing to find, so they come first; a draft model is asked where the text does not repeat itself. Each
 * is used as long as it is measured to be faster than plain steps.
 */
export function createSpeculation({ repeats, draft: given }: SpeculationSources): Speculation {
	let draft = given;
	let source: 'plain' | 'repeats' | 'draft' | 'reading' = 'plain';

	async function askDraft(asked: NonNullable<typeof draft>, slot: Slot, most: number): Promise<readonly number[]> {
		try {
			source = 'reading';
			if (!(await asked.model.follow(slot.tokens))) return [];
			source = 'draft';
			return await asked.model.guess(most);
		} catch (error) {
			// Its cache is undefined now; the larger model's is whole.
			draft = null;
			asked.onFailure(error);
			return [];
		}
	}

	return {
		guess(slot, generation, most) {
			source = 'plain';
			const room = generation.guessRoom(most);
			if (room < 1) return [];
			if (repeats.pays()) {
				const guess = generation.repeat(room);
				if (guess.length > 0) {
					source = 'repeats';
					return guess;
				}
			}
			return draft?.gain.pays() ? askDraft(draft, slot, Math.min(room, DRAFT_TOKENS)) : [];
		},
		hasGuess(generation, most) {
			const room = generation.guessRoom(most);
			if (room < 1) return false;
			return (repeats.pays() && generation.repeat(room).length > 0) || draft?.gain.pays() === true;
		},
		observe(generation, { ms, guessed, right }) {
			const step = { ms, tokens: right + 1, guessed: source !== 'plain' };
			if (source === 'repeats') generation.repeated(guessed, right);
			// A step in which the draft model read the prompt says nothing about the others.
			if (source === 'plain' || source === 'repeats') repeats.observe(step);
			if (source === 'plain' || source === 'draft') draft?.gain.observe(step);
		},
	};
}
