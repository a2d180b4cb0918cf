/** A step in which one generation decodes, alone. */
export type LoneStep = { ms: number; tokens: number; guessed: boolean };

export type GuessGain = {
	/** Whether the next step should verify guesses. */
	pays(): boolean;
	observe(step: LoneStep): void;
};

const NEWEST_WEIGHT = 0.15;
/** Before so many steps of a kind nothing is known of it. */
const LEAST_STEPS = 6;
/** But what loses so much from the start need not be tried any more. */
const PLAIN_LOSS = 0.8;
const LOSING_STEPS = 2;
/** Every so many steps the slower way is tried once: contexts grow, and texts change. */
const TRY_EVERY = 32;
/** Guesses that did not pay are tried again after twice as many steps, up to this: a draft model has to read for it. */
const TRY_AT_LAST = 128;
/** Below this it may be noise. */
const LEAST_GAIN = 1.1;

/**
 * Tells from the steps before whether verifying guesses gives more tokens a second than doing without: what a wider batch
 * costs depends on machine, model and context.
 */
export function createGuessGain(): GuessGain {
	const plain = { steps: 0, ms: 0, tokens: 0 };
	const guessing = { steps: 0, ms: 0, tokens: 0 };
	let turns = 0;
	let tryAfter = TRY_EVERY;

	const gain = () => guessing.tokens / guessing.ms / (plain.tokens / plain.ms);
	const isFaster = () => gain() >= LEAST_GAIN;
	const isKnown = () => guessing.steps >= LEAST_STEPS || (guessing.steps >= LOSING_STEPS && gain() < PLAIN_LOSS);

	return {
		pays() {
			if (plain.steps < LEAST_STEPS) return false;
			if (!isKnown()) return true;
			turns++;
			if (isFaster()) return turns % TRY_EVERY !== 0;
			// Until there was something to guess.
			return turns >= tryAfter;
		},
		observe({ ms, tokens, guessed }) {
			const way = guessed ? guessing : plain;
			const weight = Math.max(NEWEST_WEIGHT, 1 / ++way.steps);
			way.ms += (ms - way.ms) * weight;
			way.tokens += (tokens - way.tokens) * weight;
			if (!guessed || !isKnown()) return;
			if (isFaster()) tryAfter = TRY_EVERY;
			else if (turns >= tryAfter) {
				turns = 0;
				tryAfter = Math.min(TRY_AT_LAST, tryAfter * 2);
			}
		},
	};
}
