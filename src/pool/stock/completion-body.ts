import type { Phase } from '../../protocol/worker-api.ts';

/** One stretch of a generation: within one phase, from where the last one ended. */
export type Segment = {
	prompt: readonly number[];
	phase: Phase;
	/** Whether the phase's grammar binds from the first token on. */
	hasGrammar: boolean;
	/** null goes on to the end of the context. */
	maxTokens: number | null;
	seed: number | null;
	banned: readonly number[];
	/** Texts at which the engine may end the stretch; what they are is looked up in the ids. */
	stops: readonly string[];
	logprobs: number | null;
	slot: number;
	reusesCache: boolean;
};

/** Window of the penalties; the engine counts prompt and thought into it. */
const PENALTY_TOKENS = 256;

/** The body of llama-server's /completion. Every field is named here: nothing of a client's request goes through. */
export function completionBody(segment: Segment): Record<string, unknown> {
	const { sampling, grammar } = segment.phase;
	const bias = [...sampling.logitBias, ...segment.banned.map((id) => [id, false] as const)];
	return {
		prompt: segment.prompt,
		n_predict: segment.maxTokens ?? -1,
		stream: true,
		return_tokens: true,
		return_progress: true,
		cache_prompt: segment.reusesCache,
		id_slot: segment.slot,
		stop: segment.stops,
		response_fields: ['stop', 'stop_type', 'tokens_predicted'],
		// The order of our own sampler: cuts before temperature, nothing that was not asked for.
		samplers: ['penalties', 'top_k', 'top_p', 'min_p', 'temperature'],
		temperature: sampling.temperature,
		top_p: sampling.topP,
		top_k: sampling.topK,
		min_p: sampling.minP,
		repeat_last_n: PENALTY_TOKENS,
		repeat_penalty: sampling.repetitionPenalty,
		presence_penalty: sampling.presencePenalty,
		frequency_penalty: sampling.frequencyPenalty,
		seed: segment.seed ?? -1,
		...(bias.length === 0 ? {} : { logit_bias: bias }),
		...(segment.logprobs === null ? {} : { n_probs: Math.max(1, segment.logprobs) }),
		...(segment.hasGrammar && grammar !== null ? { grammar: grammar.gbnf } : {}),
	};
}
