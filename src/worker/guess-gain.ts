/** A step in which everybody decodes. */
export type DecodeStep = { streams: number; ms: number; tokens: number; guessed: boolean };

export type GuessGain = {
	/** Whether the next step of so many streams should verify guesses. */
	pays(streams: number): boolean;
	observe(step: DecodeStep): void;
};

const NEWEST_WEIGHT = 0.15;
/** Before so many steps of a kind nothing is known of it. */
const LEAST_STEPS = 6;
/** Every so many steps the slower way is tried once: contexts grow, and texts change. */
const TRY_EVERY = 32;
/** Below this it may be noise, and guesses make each step of the others longer. */
const LEAST_GAIN = 1.1;

type Way = { steps: number; ms: number; tokens: number };
type Ways = { plain: Way; guessing: Way; turns: number };

/**
 * Tells from the steps before whether verifying guesses gives more tokens a second than doing without. What a wider batch
 * costs depends on machine, model, and how many decode at once: so it is measured, for each number of streams.
 */
export function createGuessGain(): GuessGain {
	const known = new Map<number, Ways>();

	function waysOf(streams: number): Ways {
		const found = known.get(streams);
		if (found !== undefined) return found;
		const start = { steps: 0, ms: 0, tokens: 0 };
		const ways = { plain: { ...start }, guessing: { ...start }, turns: 0 };
		known.set(streams, ways);
		return ways;
	}

	return {
		pays(streams) {
			const ways = waysOf(streams);
			if (ways.plain.steps < LEAST_STEPS) return false;
			if (ways.guessing.steps < LEAST_STEPS) return true;
			const gain = ways.guessing.tokens / ways.guessing.ms / (ways.plain.tokens / ways.plain.ms);
			const isFaster = gain >= LEAST_GAIN;
			return ++ways.turns % TRY_EVERY === 0 ? !isFaster : isFaster;
		},
		observe({ streams, ms, tokens, guessed }) {
			const ways = waysOf(streams);
			const way = guessed ? ways.guessing : ways.plain;
			const weight = Math.max(NEWEST_WEIGHT, 1 / ++way.steps);
			way.ms += (ms - way.ms) * weight;
			way.tokens += (tokens - way.tokens) * weight;
		},
	};
}
