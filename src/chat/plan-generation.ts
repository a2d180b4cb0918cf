import type { Effort, ReasoningField } from '../protocol/chat-reasoning.ts';
import type { ChatRequest } from '../protocol/chat-request.ts';
import { plainPhase } from '../protocol/plain-phase.ts';
import type { Grammar, Phase } from '../protocol/worker-api.ts';
import { planBudget } from './plan-budget.ts';
import { planSampling, type SamplingDefaults } from './plan-sampling.ts';
import { type ReasoningControls, readReasoningControls } from './reasoning-controls.ts';
import type { PlannedReasoning } from './reasoning-outcome.ts';
import type { ReasoningTrait } from './template/template.ts';

/** Shaped like the sections `sampling` and `reasoning` of the configuration. */
export type GenerationDefaults = {
	sampling: SamplingDefaults;
	reasoning: ReasoningDefaults;
};

export type ReasoningDefaults = {
	field: ReasoningField;
	effort: Record<Effort, number>;
	defaultMaxTokens: number | null;
	maxTokens: number | null;
	answerReserveTokens: number;
	graceShare: number;
	closing: string;
	closesOnLoop: boolean;
};

/** What a key sets for itself. */
export type KeyOverrides = {
	reasoningField?: ReasoningField | undefined;
	maxThinkingTokens?: number | undefined;
	defaultThinkingTokens?: number | undefined;
};

export type PlanInput = {
	request: ChatRequest;
	reasoningTrait: ReasoningTrait;
	/** Of one slot; null when unknown. */
	contextTokens: number | null;
	defaults: GenerationDefaults;
	key: KeyOverrides | null;
	/** The answer was begun by the client: there is nothing left to think about. */
	hasAnswerBegun?: boolean;
};

/**
 * Mode `off`: the model could think and will not; `never`: it cannot. The budget is the smallest of what was asked for,
 * ceilings, and what the answer's reserve leaves; null for no bound.
 */
export type ReasoningPlan = PlannedReasoning & { field: ReasoningField };

export type GenerationPlan = {
	reasoning: ReasoningPlan;
	/** Bounds thought and answer together; null runs to the end of the context. */
	maxTokens: number | null;
	/** Alternatives a token; null for no log-probabilities. */
	logprobs: number | null;
	stop: string[];
	/** The phases, once rendering has shown whether the prompt opens the thought or the model has to. */
	phasesFor(opensInReasoning: boolean, answerGrammar?: Grammar | null): Phase[];
};

/**
 * What a request comes to: the one normaliser of reasoning dialects, budgets and sampling. Throws RetortError 400 where
 * two fields of the request disagree. Comes before rendering, which has to know whether the model is to think.
 */
export function planGeneration(input: PlanInput): GenerationPlan {
	const { request, defaults, key } = input;
	const controls = readReasoningControls(request);
	const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? null;
	const budget = planBudget({ controls, maxTokens, ...input });
	const mayThink = input.reasoningTrait !== 'never' && input.hasAnswerBegun !== true;
	const thinks = mayThink && controls.thinking !== false && budget.budgetTokens !== 0;

	const reasoning: ReasoningPlan = {
		mode: input.reasoningTrait === 'never' ? 'never' : thinks ? 'on' : 'off',
		field: controls.field ?? key?.reasoningField ?? defaults.reasoning.field,
		budgetTokens: input.reasoningTrait === 'never' ? null : thinks ? budget.budgetTokens : 0,
	};
	const sampling = planSampling(request, defaults.sampling);
	const answerPhase = (grammar: Grammar | null): Phase => ({
		...plainPhase(sampling.answer),
		// An answer that ends before its first word is as much of a failure as a thought that does.
		emptyRetries: 1,
		grammar,
	});

	return {
		reasoning,
		maxTokens,
		logprobs: request.logprobs === true ? (request.top_logprobs ?? 0) : null,
		stop: request.stop ?? [],
		phasesFor(opensInReasoning, answerGrammar = null) {
			const answer = answerPhase(answerGrammar);
			if (!thinks) return [answer];
			return [reasoningPhase(opensInReasoning, controls, budget, sampling.reasoning, defaults.reasoning), answer];
		},
	};
}

function reasoningPhase(
	opensInReasoning: boolean,
	controls: ReasoningControls,
	budget: ReturnType<typeof planBudget>,
	sampling: Phase['sampling'],
	defaults: ReasoningDefaults,
): Phase {
	return {
		name: 'reasoning',
		startToken: opensInReasoning ? null : '<think>',
		endToken: '</think>',
		maxTokens: budget.hardLimitTokens,
		softLimitTokens: budget.budgetTokens,
		reserveTokens: budget.reserveTokens,
		maxMs: controls.maxMs ?? null,
		closing: defaults.closing,
		separator: '\n\n',
		closesOnLoop: defaults.closesOnLoop,
		emptyRetries: 1,
		sampling,
		grammar: null,
	};
}
