/** How fast a worker has been of late, and how much of its prompts it had in its cache. */
export type WorkerPace = {
	/** Milliseconds for one token of a prompt, and for one of an answer on one stream; null until measured. */
	prefillMsPerToken: number | null;
	decodeMsPerToken: number | null;
	promptTokens: number;
	cachedTokens: number;
	completionTokens: number;
};

export const initialPace: WorkerPace = {
	prefillMsPerToken: null,
	decodeMsPerToken: null,
	promptTokens: 0,
	cachedTokens: 0,
	completionTokens: 0,
};

/** One generation that ended, timed where its events arrive: engines' own clocks differ in what they count. */
export type PaceSample = {
	promptTokens: number;
	cachedTokens: number;
	completionTokens: number;
	/** From its start to its first token. */
	prefillMs: number;
	/** From its first token to its last. */
	decodeMs: number;
};

/** Weight of the newest generation. */
const WEIGHT = 0.2;

/** Pure. Short prompts and answers say little of speed and are only counted. */
export function measurePace(pace: WorkerPace, sample: PaceSample): WorkerPace {
	const evaluated = sample.promptTokens - sample.cachedTokens;
	const decoded = sample.completionTokens - 1;
	return {
		prefillMsPerToken:
			evaluated >= 16 ? blend(pace.prefillMsPerToken, sample.prefillMs / evaluated) : pace.prefillMsPerToken,
		decodeMsPerToken: decoded >= 4 ? blend(pace.decodeMsPerToken, sample.decodeMs / decoded) : pace.decodeMsPerToken,
		promptTokens: pace.promptTokens + sample.promptTokens,
		cachedTokens: pace.cachedTokens + sample.cachedTokens,
		completionTokens: pace.completionTokens + sample.completionTokens,
	};
}

function blend(mean: number | null, value: number): number {
	return mean === null ? value : mean + WEIGHT * (value - mean);
}
