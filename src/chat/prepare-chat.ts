import type { ChatRequest } from '../protocol/chat-request.ts';
import type { GenerateRequest } from '../protocol/worker-api.ts';
import { answerGrammar } from './answer-grammar.ts';
import type { ParseOptions } from './parse-output.ts';
import { type GenerationDefaults, type KeyOverrides, planGeneration, type ReasoningPlan } from './plan-generation.ts';
import { renderPrompt } from './render-prompt.ts';
import type { ChatTemplate } from './template.ts';
import { answerParserOf, toolsInPlay } from './tools-in-play.ts';

export type PreparedChat = {
	/** What a worker needs to know, all but who asks. */
	generation: Pick<
		GenerateRequest,
		'prompt' | 'phases' | 'maxTokens' | 'logprobs' | 'keepForNextTurn' | 'eventIntervalMs'
	>;
	/** What is needed to read the worker's answer. */
	parse: ParseOptions;
	reasoning: ReasoningPlan;
};

/** A valid request to all that its generation and its answer need. Throws RetortError 400. */
export function prepareChat(input: {
	request: ChatRequest;
	template: ChatTemplate;
	/** Of one slot; null when unknown. */
	contextTokens: number | null;
	defaults: GenerationDefaults;
	key: KeyOverrides | null;
}): PreparedChat {
	const { request, template } = input;
	const plan = planGeneration({ ...input, reasoningTrait: template.traits.reasoning });
	const grammar = answerGrammar(request, template.toolFormat);
	const newAnswerParser = answerParserOf(request, template.toolFormat);
	const rendered = renderPrompt(template, request.messages, {
		thinking: plan.reasoning.mode === 'on',
		tools: toolsInPlay(request),
		...(request.tool_choice === undefined ? {} : { toolChoice: request.tool_choice }),
	});
	return {
		generation: {
			prompt: rendered.parts,
			phases: plan.phasesFor(rendered.opensInReasoning, grammar),
			maxTokens: plan.maxTokens,
			logprobs: plan.logprobs,
			keepForNextTurn: rendered.keepForNextTurn,
			// A stop string ends the generation at its own token, so that usage does not depend on how tokens were joined.
			...(plan.stop.length > 0 ? { eventIntervalMs: 0 } : {}),
		},
		parse: { stop: plan.stop, reasoning: plan.reasoning, ...(newAnswerParser && { newAnswerParser }) },
		reasoning: plan.reasoning,
	};
}
