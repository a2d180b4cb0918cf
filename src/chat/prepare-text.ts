import { type CompletionRequest, DEFAULT_TEXT_TOKENS, type RawPrompt } from '../protocol/completion-request.ts';
import { plainPhase } from '../protocol/plain-phase.ts';
import type { GenerateRequest } from '../protocol/worker-api.ts';
import { planSampling, type SamplingDefaults } from './plan-sampling.ts';

/**
 * What a worker needs for one choice of a raw completion. Control tokens written out in the prompt are control tokens:
 * whoever asks for no template writes it. A fixed seed is another one for each choice, or all would be the same.
 */
export function prepareText(
	request: CompletionRequest,
	prompt: RawPrompt,
	choice: number,
	defaults: SamplingDefaults,
): Pick<GenerateRequest, 'prompt' | 'phases' | 'maxTokens' | 'logprobs' | 'keepForNextTurn' | 'eventIntervalMs'> {
	const { answer } = planSampling(request, defaults);
	const seed = answer.seed === null ? null : (answer.seed + choice) % 0x1_0000_0000;
	return {
		prompt: [typeof prompt === 'string' ? { text: prompt, special: true } : { tokens: prompt }],
		phases: [plainPhase({ ...answer, seed })],
		maxTokens: request.max_tokens ?? DEFAULT_TEXT_TOKENS,
		logprobs: request.logprobs ?? null,
		keepForNextTurn: null,
		...((request.stop ?? []).length > 0 ? { eventIntervalMs: 0 } : {}),
	};
}
