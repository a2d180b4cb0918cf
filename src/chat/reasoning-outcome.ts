import type { ReasoningState } from '../protocol/chat-response.ts';
import type { PhaseEndReason, WorkerEvent } from '../protocol/worker-api.ts';
import type { ReasoningOutcome } from './chat-event.ts';

/** What was planned for the thought. */
export type PlannedReasoning = { mode: 'on' | 'off' | 'never'; budgetTokens: number | null };

/** The outcome as long as the worker has reported none: a planned thought without an end was cut with the generation. */
export function plannedOutcome(planned: PlannedReasoning): ReasoningOutcome {
	const state = { on: 'length', off: 'skipped', never: 'none' } as const;
	return { state: state[planned.mode], tokens: 0, ms: 0, budgetTokens: planned.budgetTokens, emptyRetries: 0 };
}

type PhaseEnd = Extract<WorkerEvent, { type: 'phase-end' }>;

export function reportedOutcome(event: PhaseEnd, planned: PlannedReasoning): ReasoningOutcome {
	return {
		state: toState(event.reason),
		tokens: event.tokens,
		ms: event.ms,
		budgetTokens: smaller(planned.budgetTokens, appliedBudget(event, planned)),
		emptyRetries: event.emptyRetries,
	};
}

/** A thought without a word was none, whatever closed it. Told apart from white space by whoever has seen the text. */
export function emptyOutcome(outcome: ReasoningOutcome): ReasoningOutcome {
	return outcome.state === 'complete' ? { ...outcome, state: 'skipped' } : outcome;
}

/** The worker closes earlier than planned where prompt and context leave less: then that was the budget. */
function appliedBudget(event: PhaseEnd, planned: PlannedReasoning): number | null {
	if (event.budgetTokens !== undefined) return event.budgetTokens;
	const isTighter = event.reason === 'budget' && planned.budgetTokens !== null && event.tokens < planned.budgetTokens;
	return isTighter ? event.tokens : null;
}

function smaller(one: number | null, other: number | null): number | null {
	return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function toState(reason: PhaseEndReason): ReasoningState {
	switch (reason) {
		case 'closed':
			return 'complete';
		case 'budget':
			return 'budget';
		case 'length':
			return 'length';
		case 'skipped':
			return 'skipped';
		case 'deadline':
		case 'loop':
		case 'ended-by-client':
		case 'eos':
			return 'ended';
	}
}
