import type { ChatRequest } from '../protocol/chat-request.ts';
import type { GenerateRequest, Grammar } from '../protocol/worker-api.ts';
import type { ParseOptions } from './parse-output.ts';
import { type GenerationDefaults, type KeyOverrides, planGeneration, type ReasoningPlan } from './plan-generation.ts';
import { appendPrefill, continuePhases, readPrefill } from './prefill.ts';
import { renderPrompt } from './template/render-prompt.ts';
import type { ChatTemplate } from './template/template.ts';
import { answerParserOf, toolsInPlay } from './tools-in-play.ts';

export type PreparedChat = {
	/** What a worker needs to know, all but who asks. */
	generation: Pick<
		GenerateRequest,
		'prompt' | 'phases' | 'maxTokens' | 'logprobs' | 'keepForNextTurn' | 'isNextTurn' | 'eventIntervalMs'
	>;
	/** What is needed to read the worker's answer. */
	parse: ParseOptions;
	reasoning: ReasoningPlan;
};

/** A valid request to all that its generation and its answer need. Throws RetortError 400. */
export function prepareChat(input: {
	request: ChatRequest;
	template: ChatTemplate;
	/** What `compileGrammar` makes of the request's `grammarSourceOf`; null where that is null. */
	grammar: Grammar | null;
	/** Of one slot; null when unknown. */
	contextTokens: number | null;
	defaults: GenerationDefaults;
	key: KeyOverrides | null;
}): PreparedChat {
	const { request, template, grammar } = input;
	const { reasoning: reasoningTrait } = template.traits;
	const prefill = readPrefill(request);
	const hasBegun = prefill !== null && prefill.thought + prefill.content !== '';
	const hasAnswerBegun = prefill !== null && prefill.content !== '';
	const plan = planGeneration({ ...input, reasoningTrait, hasAnswerBegun });
	const thinks = plan.reasoning.mode === 'on';
	const newAnswerParser = answerParserOf(request, template.toolFormat);
	const messages = prefill === null ? request.messages : request.messages.slice(0, -1);
	const turn = renderPrompt(template, messages, {
		thinking: thinks || (prefill !== null && prefill.thought !== ''),
		tools: toolsInPlay(request),
		...(request.tool_choice === undefined ? {} : { toolChoice: request.tool_choice }),
	});
	const canThink = reasoningTrait !== 'never';
	const rendered = prefill === null ? turn : appendPrefill(turn, prefill, { canThink, thinks });
	const phases = plan.phasesFor(rendered.opensInReasoning, grammar);
	return {
		generation: {
			prompt: rendered.parts,
			phases: hasBegun ? continuePhases(phases) : phases,
			maxTokens: plan.maxTokens,
			logprobs: plan.logprobs,
			keepForNextTurn: rendered.keepForNextTurn,
			isNextTurn: messages.some(({ role }) => role === 'assistant'),
			// A stop string ends the generation at its own token, so that usage does not depend on how tokens were joined.
			...(plan.stop.length > 0 ? { eventIntervalMs: 0 } : {}),
		},
		parse: {
			stop: plan.stop,
			reasoning: plan.reasoning,
			...(newAnswerParser ? { newAnswerParser } : { marksAreText: grammar !== null }),
		},
		reasoning: plan.reasoning,
	};
}
