import type { PromptPart } from '../protocol/worker-api.ts';

const CHARACTERS_PER_TOKEN = 4;

/** Tokens of a prompt before anybody has counted them, about. */
export function estimateTokens(prompt: readonly PromptPart[]): number {
	const tokensOf = (part: PromptPart) =>
		'tokens' in part ? part.tokens.length : Math.ceil(part.text.length / CHARACTERS_PER_TOKEN);
	return prompt.reduce((sum, part) => sum + tokensOf(part), 0);
}
