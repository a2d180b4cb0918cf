import type { StockVocabulary } from '../stock-model.ts';
import type { Stretch } from '../stretch.ts';

/** Window of the penalties; the engine counts prompt and thought into it. */
const PENALTY_TOKENS = 256;

/** The body of llama-server's /completion. Every field is named here: nothing of a client's request goes through. */
export function completionBody(
	stretch: Stretch,
	{ index, reusesCache }: { index: number; reusesCache: boolean },
	vocabulary: StockVocabulary,
): Record<string, unknown> {
	const { sampling, grammar } = stretch.phase;
	const bias = [...sampling.logitBias, ...stretch.banned.map((id) => [id, false] as const)];
	return {
		prompt: stretch.prompt,
		n_predict: stretch.maxTokens,
		stream: true,
		return_tokens: true,
		return_progress: true,
		cache_prompt: reusesCache,
		id_slot: index,
		// A hint: what they are is looked up in the ids.
		stop: stretch.stops.flatMap((id) => vocabulary.piece(id).text ?? []),
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
		seed: stretch.seed ?? -1,
		...(bias.length === 0 ? {} : { logit_bias: bias }),
		...(stretch.logprobs === null ? {} : { n_probs: Math.max(1, stretch.logprobs) }),
		...(stretch.hasGrammar && grammar !== null ? { grammar: grammar.gbnf } : {}),
	};
}
