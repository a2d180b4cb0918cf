import { compileGrammar } from '../../src/chat/compile-grammar.ts';
import { grammarSourceOf } from '../../src/chat/grammar-source.ts';
import type { GenerationDefaults } from '../../src/chat/plan-generation.ts';
import type { ChatTemplate } from '../../src/chat/template/template.ts';
import { type ChatRequest, parseChatRequest } from '../../src/protocol/chat-request.ts';
import type { Grammar } from '../../src/protocol/worker-api.ts';

/** As the configuration has them when nothing is set. */
export const defaults: GenerationDefaults = {
	sampling: { temperature: 0.6, topP: 0.95, topK: 0, minP: 0, repetitionPenalty: 1 },
	reasoning: {
		field: 'reasoning_content',
		effort: { none: 0, minimal: 0.1, low: 0.25, medium: 0.5, high: 0.8, xhigh: 0.95, max: 1 },
		defaultMaxTokens: null,
		maxTokens: null,
		answerReserveTokens: 1024,
		graceShare: 0.1,
		closing: '\n\nTime to answer.\n',
		closesOnLoop: true,
	},
};

export function chatRequest(fields: Record<string, unknown> = {}): ChatRequest {
	return parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...fields });
}

export function grammarOf(request: ChatRequest, { toolFormat }: ChatTemplate): Grammar | null {
	const source = grammarSourceOf(request, toolFormat);
	return source === null ? null : compileGrammar(source);
}
