import type { PhaseEndReason, PhaseName } from '../protocol/worker-api.ts';
import { createLoopDetector } from './loop-detector.ts';

/** A phase whose texts became token ids. */
export type ResolvedPhase = {
	name: PhaseName;
	startToken: number | null;
	endToken: number | null;
	maxTokens: number | null;
	softLimitTokens: number | null;
	maxMs: number | null;
	closing: readonly number[];
	separator: readonly number[];
	closesOnLoop: boolean;
	emptyRetries: number;
};

/** What one drawn token leads to, in order. Every id in `token`, `mark` and `phase-end` goes to the model. */
export type PhaseStep =
	| { type: 'token'; phase: number; id: number; isForced: boolean }
	/** Counted, never shown: the token that opens an optional phase. */
	| { type: 'mark'; phase: number; id: number }
	| {
			type: 'phase-end';
			phase: number;
			reason: PhaseEndReason;
			tokens: number;
			ms: number;
			emptyRetries: number;
			/** Closed at its budget, and at the end of a sentence or line. */
			landsSoftly: boolean;
			/** End token and separator. */
			ids: readonly number[];
	  }
	| { type: 'finish'; reason: 'stop' | 'length' };

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

export type DrawnToken = {
	id: number;
	isEndOfGeneration: boolean;
	/** The token's text, '' while a character is incomplete. */
	text: string;
	isReplay: boolean;
};

/** Ends that one retry of a last phase refuses: a model that was kept from ending may give white space and end again. */
const LAST_REFUSALS = 3;

/** Thinking, answering and everything that moves between them, on token ids alone. */
export function createPhaseMachine(phases: readonly ResolvedPhase[], maxTokens: number | null): PhaseMachine {
	let index = 0;
	let tokens = 0;
	let startedMs = 0;
	let awaitsStart = false;
	let hasText = false;
	let refusals = 0;
	/** Tokens that were refused since the last one taken. */
	let refused: number[] = [];
	let endIsRequested = false;
	let tail = '';
	let loop = createLoopDetector();
	let completionTokens = 0;
	let reasoningTokens = 0;
	let isFinished = false;

	const current = () => phases[index];

	function finish(steps: PhaseStep[], reason: 'stop' | 'length') {
		isFinished = true;
		steps.push({ type: 'finish', reason });
	}

	/** Counts one token; false, and the generation is over, when there is no room for it. */
	function count(steps: PhaseStep[], isReasoning: boolean, nowMs: number): boolean {
		if (maxTokens !== null && completionTokens >= maxTokens) {
			if (!isFinished) endPhase(steps, 'length', [], nowMs);
			if (!isFinished) finish(steps, 'length');
			return false;
		}
		completionTokens++;
		if (isReasoning) reasoningTokens++;
		return true;
	}

	function endPhase(
		steps: PhaseStep[],
		reason: PhaseEndReason,
		ids: readonly number[],
		nowMs: number,
		landsSoftly = false,
	) {
		steps.push({
			type: 'phase-end',
			phase: index,
			reason,
			tokens,
			ms: Math.max(0, nowMs - startedMs),
			emptyRetries: Math.min(refusals, current()?.emptyRetries ?? 0),
			landsSoftly,
			ids,
		});
	}

	function enter(steps: PhaseStep[], next: number, nowMs: number) {
		index = next;
		const phase = current();
		if (phase === undefined) return finish(steps, 'stop');
		tokens = 0;
		startedMs = nowMs;
		awaitsStart = phase.startToken !== null;
		hasText = false;
		refusals = 0;
		refused = [];
		endIsRequested = endIsRequested && index === 0;
		tail = '';
		loop = createLoopDetector();
		if (maxTokens !== null && completionTokens >= maxTokens) {
			endPhase(steps, 'length', [], nowMs);
			return finish(steps, 'length');
		}
		if (awaitsStart) return;
		if (phase.maxTokens === 0) close(steps, 'budget', nowMs);
		else if (endIsRequested) close(steps, 'ended-by-client', nowMs);
	}

	/** Ends the phase by its end token, drawn or forced, and the separator. */
	function leave(steps: PhaseStep[], reason: PhaseEndReason, nowMs: number, landsSoftly = false) {
		const phase = current();
		if (phase === undefined) return;
		const ids: number[] = [];
		const room = maxTokens === null ? Number.POSITIVE_INFINITY : maxTokens - completionTokens;
		if (phase.endToken !== null) ids.push(phase.endToken);
		const marks = ids.length;
		ids.push(...phase.separator);
		ids.length = Math.min(ids.length, room);
		completionTokens += ids.length;
		if (phase.name === 'reasoning') reasoningTokens += Math.min(marks, ids.length);
		endPhase(steps, reason, ids, nowMs, landsSoftly);
		enter(steps, index + 1, nowMs);
	}

	/** We end the phase: the closing words first, unless there was nothing to close. */
	function close(steps: PhaseStep[], reason: PhaseEndReason, nowMs: number, landsSoftly = false) {
		const phase = current();
		if (phase === undefined) return;
		if (phase.endToken === null && index === phases.length - 1) {
			endPhase(steps, reason, [], nowMs);
			return finish(steps, 'length');
		}
		if (tokens > 0) {
			for (const id of phase.closing) {
				if (!count(steps, phase.name === 'reasoning', nowMs)) return;
				tokens++;
				steps.push({ type: 'token', phase: index, id, isForced: true });
			}
		}
		leave(steps, reason, nowMs, landsSoftly);
	}

	function closesAfter(phase: ResolvedPhase, id: number, nowMs: number): PhaseEndReason | null {
		// The detector sees every token, so ask it first.
		const loops = phase.closesOnLoop && loop.push(id);
		if (endIsRequested) return 'ended-by-client';
		if (phase.maxTokens !== null && tokens >= phase.maxTokens) return 'budget';
		if (phase.softLimitTokens !== null && tokens >= phase.softLimitTokens && endsSentence(tail)) return 'budget';
		if (phase.maxMs !== null && nowMs - startedMs >= phase.maxMs) return 'deadline';
		return loops ? 'loop' : null;
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
			let phase = current();
			if (phase === undefined || isFinished) return { steps, redraw: null };
			const isReasoning = phase.name === 'reasoning';
			if (awaitsStart) {
				if (token.id === phase.startToken) {
					awaitsStart = false;
					if (count(steps, isReasoning, nowMs)) {
						steps.push({ type: 'mark', phase: index, id: token.id });
						if (phase.maxTokens === 0) close(steps, 'budget', nowMs);
						else if (endIsRequested) close(steps, 'ended-by-client', nowMs);
					}
					return { steps, redraw: null };
				}
				// The model goes straight to the next phase, whose sampling has to draw this token again.
				endPhase(steps, 'skipped', [], nowMs);
				enter(steps, index + 1, nowMs);
				phase = current();
				if (isFinished || phase === undefined) return { steps, redraw: null };
				if (!token.isReplay) return { steps, redraw: [] };
			}
			const ends = token.id === phase.endToken || token.isEndOfGeneration;
			const refusable = phase.emptyRetries * (index === phases.length - 1 ? LAST_REFUSALS : 1);
			if (ends && !hasText && refusals < refusable && !token.isReplay) {
				refusals++;
				refused.push(token.id, ...(phase.endToken === null ? [] : [phase.endToken]));
				return { steps, redraw: refused };
			}
			refused = [];
			if (token.id === phase.endToken) {
				leave(steps, 'closed', nowMs);
				return { steps, redraw: null };
			}
			if (token.isEndOfGeneration) {
				// Whoever stops in the middle of a thought has no more to think: the answer is still owed.
				if (phase.endToken !== null && index < phases.length - 1) {
					leave(steps, 'eos', nowMs);
					return { steps, redraw: null };
				}
				endPhase(steps, 'eos', [], nowMs);
				finish(steps, 'stop');
				return { steps, redraw: null };
			}
			if (!count(steps, isReasoning, nowMs)) return { steps, redraw: null };
			tokens++;
			if (!hasText && token.text.trim() !== '') hasText = true;
			tail = (tail + token.text).slice(-8);
			steps.push({ type: 'token', phase: index, id: token.id, isForced: false });
			const reason = closesAfter(phase, token.id, nowMs);
			if (reason !== null) {
				const landsSoftly = reason === 'budget' && tokens < (phase.maxTokens ?? Number.POSITIVE_INFINITY);
				close(steps, reason, nowMs, landsSoftly);
			} else if (maxTokens !== null && completionTokens >= maxTokens) {
				endPhase(steps, 'length', [], nowMs);
				finish(steps, 'length');
			}
			return { steps, redraw: null };
		},
		tokensToDecision(nowMs, spanMs) {
			const phase = current();
			if (phase === undefined || awaitsStart || endIsRequested) return 1;
			if (phase.maxMs !== null && nowMs + spanMs - startedMs >= phase.maxMs) return 1;
			const ahead = [
				...(maxTokens === null ? [] : [maxTokens - completionTokens]),
				...(phase.maxTokens === null ? [] : [phase.maxTokens - tokens]),
				...(phase.softLimitTokens === null ? [] : [phase.softLimitTokens - tokens]),
				...(phase.closesOnLoop ? [loop.tokensToLoop()] : []),
			];
			return Math.max(1, Math.min(...ahead));
		},
		requestEnd(name) {
			if (isFinished || current()?.name !== name) return false;
			endIsRequested = true;
			return true;
		},
		endForLength(nowMs) {
			const steps: PhaseStep[] = [];
			if (isFinished) return steps;
			endPhase(steps, 'length', [], nowMs);
			finish(steps, 'length');
			return steps;
		},
	};
}

/** A line break, or a sentence's end that no number ("3.") explains. */
export function endsSentence(text: string): boolean {
	return /\n[ \t]*$|(?:^|[^\d])[.!?]["')\]*]*\s*$|[。！？]["')\]*」』”]*\s*$/u.test(text);
}
