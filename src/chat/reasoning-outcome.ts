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

export function reportedOutcome(
	event: Extract<WorkerEvent, { type: 'phase-end' }>,
	planned: PlannedReasoning,
): ReasoningOutcome {
	const state = toState(event.reason);
	// The worker closes earlier than planned where prompt and context leave less: then that was the budget.
	const isTighter = state === 'budget' && planned.budgetTokens !== null && event.tokens < planned.budgetTokens;
	return {
		state,
		tokens: event.tokens,
		ms: event.ms,
		budgetTokens: isTighter ? event.tokens : planned.budgetTokens,
		emptyRetries: event.emptyRetries,
	};
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
