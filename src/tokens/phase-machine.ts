import type { PhaseEndReason, PhaseName } from '../protocol/worker-api.ts';
import { createPhaseLimits, type PhaseLimits } from './phase-limits.ts';
import type { DrawnToken, PhaseStep } from './phase-step.ts';
import type { ResolvedPhase } from './resolved-phase.ts';

export type PhaseMachine = {
	/** Index of the phase that the next token belongs to. */
	readonly phase: number;
	readonly completionTokens: number;
	readonly reasoningTokens: number;
	readonly isFinished: boolean;
	/** The phase is optional and the token that would open it is the next one. */
	readonly isOpening: boolean;
	/** The prompt is evaluated: the first phase begins, and may end at once. */
	begin(nowMs: number): PhaseStep[];
	/**
	 * One drawn token. With `redraw` it was refused: another has to be drawn in its place by the sampling of what is then
	 * `phase`, without the tokens listed. A token that was drawn before (`isReplay`) is never refused.
	 */
	push(token: DrawnToken, nowMs: number): { steps: PhaseStep[]; redraw: readonly number[] | null };
	/**
	 * After so many more tokens, and not before, one of them can lead to more than itself: a limit, a loop, a deadline within
	 * `spanMs`. End tokens aside: those may come at any time.
	 */
	tokensToDecision(nowMs: number, spanMs: number): number;
	/** Closes the phase with the next token; false when it is not running. */
	requestEnd(name: PhaseName): boolean;
	/** The context has no cell left. */
	endForLength(nowMs: number): PhaseStep[];
};

/** Ends that one retry of a last phase refuses: a model that was kept from ending may give white space and end again. */
const LAST_REFUSALS = 3;

/** Thinking, answering and everything that moves between them, on token ids alone. */
export function createPhaseMachine(phases: readonly ResolvedPhase[], maxTokens: number | null): PhaseMachine {
	let index = 0;
	let tokens = 0;
	let startedMs = 0;
	let limits: PhaseLimits | null = null;
	let awaitsStart = false;
	let hasText = false;
	let refusals = 0;
	/** Tokens that were refused since the last one taken. */
	let refused: number[] = [];
	let endIsRequested = false;
	let completionTokens = 0;
	let reasoningTokens = 0;
	let isFinished = false;

	const current = () => phases[index];

	function enter(steps: PhaseStep[], next: number, nowMs: number): void {
		index = next;
		const phase = current();
		if (phase === undefined) {
			finish(steps, 'stop');
			return;
		}
		tokens = 0;
		startedMs = nowMs;
		limits = createPhaseLimits(phase, nowMs);
		awaitsStart = phase.startToken !== null;
		hasText = false;
		refusals = 0;
		refused = [];
		endIsRequested = endIsRequested && index === 0;
		if (maxTokens !== null && completionTokens >= maxTokens) endAll(steps, 'length', nowMs);
		else if (!awaitsStart) closeIfDue(steps, phase, nowMs);
	}

	/** A phase that has begun, and may not hold a token. */
	function closeIfDue(steps: PhaseStep[], phase: ResolvedPhase, nowMs: number): void {
		if (phase.maxTokens === 0) close(steps, 'budget', nowMs);
		else if (endIsRequested) close(steps, 'ended-by-client', nowMs);
	}

	/** The token that opens an optional phase, or any other, which skips it. */
	function open(steps: PhaseStep[], phase: ResolvedPhase, token: DrawnToken, nowMs: number): readonly number[] | null {
		if (token.id === phase.startToken) {
			awaitsStart = false;
			if (!count(steps, phase, nowMs)) return null;
			steps.push({ type: 'mark', phase: index, id: token.id });
			closeIfDue(steps, phase, nowMs);
			return null;
		}
		// The model goes straight to the next phase, whose sampling has to draw this token again.
		endPhase(steps, 'skipped', [], nowMs);
		enter(steps, index + 1, nowMs);
		const next = current();
		if (isFinished || next === undefined) return null;
		return token.isReplay ? take(steps, next, token, nowMs) : [];
	}

	/** A token of the phase, or its end. */
	function take(steps: PhaseStep[], phase: ResolvedPhase, token: DrawnToken, nowMs: number): readonly number[] | null {
		const isEnd = token.id === phase.endToken || token.isEndOfGeneration;
		if (isEnd && !token.isReplay && !hasText && mayRefuse(phase)) {
			refusals++;
			refused.push(token.id, ...(phase.endToken === null ? [] : [phase.endToken]));
			return refused;
		}
		refused = [];
		if (isEnd) {
			end(steps, phase, token, nowMs);
			return null;
		}
		if (!count(steps, phase, nowMs)) return null;
		tokens++;
		if (!hasText && token.text.trim() !== '') hasText = true;
		steps.push({ type: 'token', phase: index, id: token.id, isForced: false });
		const limit = limits?.push(token, tokens, nowMs) ?? null;
		const reason = endIsRequested ? 'ended-by-client' : limit;
		if (reason !== null) {
			const landsSoftly = reason === 'budget' && tokens < (phase.maxTokens ?? Number.POSITIVE_INFINITY);
			close(steps, reason, nowMs, landsSoftly);
		} else if (maxTokens !== null && completionTokens >= maxTokens) {
			endAll(steps, 'length', nowMs);
		}
		return null;
	}

	function mayRefuse(phase: ResolvedPhase): boolean {
		return refusals < phase.emptyRetries * (index === phases.length - 1 ? LAST_REFUSALS : 1);
	}

	/** The model ends the phase. */
	function end(steps: PhaseStep[], phase: ResolvedPhase, token: DrawnToken, nowMs: number): void {
		if (token.id === phase.endToken) leave(steps, phase, 'closed', nowMs);
		// Whoever stops in the middle of a thought has no more to think: the answer is still owed.
		else if (phase.endToken !== null && index < phases.length - 1) leave(steps, phase, 'eos', nowMs);
		else endAll(steps, 'eos', nowMs);
	}

	/** We end the phase: the closing words first, unless there was nothing to close. */
	function close(steps: PhaseStep[], reason: PhaseEndReason, nowMs: number, landsSoftly = false): void {
		const phase = current();
		if (phase === undefined) return;
		if (phase.endToken === null && index === phases.length - 1) {
			endPhase(steps, reason, [], nowMs);
			finish(steps, 'length');
			return;
		}
		if (tokens > 0) {
			for (const id of phase.closing) {
				if (!count(steps, phase, nowMs)) return;
				tokens++;
				steps.push({ type: 'token', phase: index, id, isForced: true });
			}
		}
		leave(steps, phase, reason, nowMs, landsSoftly);
	}

	/** Ends the phase by its end token, drawn or forced, and the separator. */
	function leave(
		steps: PhaseStep[],
		phase: ResolvedPhase,
		reason: PhaseEndReason,
		nowMs: number,
		landsSoftly = false,
	): void {
		const ids: number[] = phase.endToken === null ? [] : [phase.endToken];
		const marks = ids.length;
		ids.push(...phase.separator);
		if (maxTokens !== null) ids.length = Math.min(ids.length, maxTokens - completionTokens);
		completionTokens += ids.length;
		if (phase.name === 'reasoning') reasoningTokens += Math.min(marks, ids.length);
		endPhase(steps, reason, ids, nowMs, landsSoftly);
		enter(steps, index + 1, nowMs);
	}

	/** Counts one token; false, and the generation is over, when there is no room for it. */
	function count(steps: PhaseStep[], phase: ResolvedPhase, nowMs: number): boolean {
		if (maxTokens !== null && completionTokens >= maxTokens) {
			if (!isFinished) endAll(steps, 'length', nowMs);
			return false;
		}
		completionTokens++;
		if (phase.name === 'reasoning') reasoningTokens++;
		return true;
	}

	function endPhase(
		steps: PhaseStep[],
		reason: PhaseEndReason,
		ids: readonly number[],
		nowMs: number,
		landsSoftly = false,
	): void {
		const ms = Math.max(0, nowMs - startedMs);
		const emptyRetries = Math.min(refusals, current()?.emptyRetries ?? 0);
		steps.push({ type: 'phase-end', phase: index, reason, tokens, ms, emptyRetries, landsSoftly, ids });
	}

	/** The phase, and the generation with it. */
	function endAll(steps: PhaseStep[], reason: 'eos' | 'length', nowMs: number): void {
		endPhase(steps, reason, [], nowMs);
		finish(steps, reason === 'eos' ? 'stop' : 'length');
	}

	function finish(steps: PhaseStep[], reason: 'stop' | 'length'): void {
		isFinished = true;
		steps.push({ type: 'finish', reason });
	}

	return {
		get phase() {
			return index;
		},
		get completionTokens() {
			return completionTokens;
		},
		get reasoningTokens() {
			return reasoningTokens;
		},
		get isFinished() {
			return isFinished;
		},
		get isOpening() {
			return awaitsStart;
		},
		begin(nowMs) {
			const steps: PhaseStep[] = [];
			enter(steps, 0, nowMs);
			return steps;
		},
		push(token, nowMs) {
			const steps: PhaseStep[] = [];
			const phase = current();
			if (phase === undefined || isFinished) return { steps, redraw: null };
			const redraw = awaitsStart ? open(steps, phase, token, nowMs) : take(steps, phase, token, nowMs);
			return { steps, redraw };
		},
		tokensToDecision(nowMs, spanMs) {
			if (limits === null || isFinished || awaitsStart || endIsRequested) return 1;
			const toLimit = limits.tokensToLimit(tokens, nowMs, spanMs);
			return maxTokens === null ? toLimit : Math.max(1, Math.min(toLimit, maxTokens - completionTokens));
		},
		requestEnd(name) {
			if (isFinished || current()?.name !== name) return false;
			endIsRequested = true;
			return true;
		},
		endForLength(nowMs) {
			const steps: PhaseStep[] = [];
			if (!isFinished) endAll(steps, 'length', nowMs);
			return steps;
		},
	};
}
