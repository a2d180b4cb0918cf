import type { Phase } from '../protocol/worker-api.ts';
import { keepReserve } from './keep-reserve.ts';
import type { ResolvedPhase } from './resolved-phase.ts';

/** Phases with ids for their texts, and with limits that leave what follows its reserve. Throws what `oneToken` throws. */
export function resolvePhases(
	phases: readonly Phase[],
	model: {
		/** The one token that this text is; `param` names it in the error when it is none. */
		oneToken(text: string | null, param: string): number | null;
		inert(text: string): number[];
		/** What the prompt leaves of the context and of the request's tokens. */
		roomTokens: number;
	},
): ResolvedPhase[] {
	return phases.map((phase, index): ResolvedPhase => {
		const resolved: ResolvedPhase = {
			name: phase.name,
			startToken: model.oneToken(phase.startToken, `phases[${index}].startToken`),
			endToken: model.oneToken(phase.endToken, `phases[${index}].endToken`),
			maxTokens: phase.maxTokens,
			softLimitTokens: phase.softLimitTokens,
			maxMs: phase.maxMs,
			closing: phase.closing === null ? [] : model.inert(phase.closing),
			separator: phase.separator === null ? [] : model.inert(phase.separator),
			closesOnLoop: phase.closesOnLoop,
			// A grammar says itself when it may end, and where it may only end there is nothing else to draw.
			emptyRetries: phase.grammar === null ? phase.emptyRetries : 0,
		};
		return keepReserve(resolved, phase.reserveTokens ?? 0, model.roomTokens);
	});
}
