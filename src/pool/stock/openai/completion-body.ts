import type { Stretch } from '../stretch.ts';

/** Keeps a token from being drawn: the lowest that the servers take. */
const BAN = -100;
/** They refuse 0, which is as good as the best token alone. */
const LEAST_TOP_P = 1e-6;

/** OpenAI's own fields of /v1/completions for one stretch. `extra` are the dialect's. */
export function completionBody(
	stretch: Stretch,
	{ model, prompt, extra }: { model: string; prompt: readonly number[] | string; extra: Record<string, unknown> },
): Record<string, unknown> {
	const { sampling } = stretch.phase;
	const bias = [...sampling.logitBias, ...stretch.banned.map((id) => [id, BAN] as const)];
	return {
		model,
		prompt,
		max_tokens: stretch.maxTokens,
		stream: true,
		stream_options: { include_usage: true },
		temperature: sampling.temperature,
		top_p: Math.max(LEAST_TOP_P, sampling.topP),
		presence_penalty: sampling.presencePenalty,
		frequency_penalty: sampling.frequencyPenalty,
		...(stretch.seed === null ? {} : { seed: stretch.seed }),
		...(bias.length === 0 ? {} : { logit_bias: Object.fromEntries(bias) }),
		...(stretch.logprobs === null ? {} : { logprobs: stretch.logprobs }),
		...extra,
	};
}
