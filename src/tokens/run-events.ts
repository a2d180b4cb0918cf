import type { GenerateRequest, TokenLogprob, WorkerEvent } from '../protocol/worker-api.ts';
import type { PhaseStep } from './phase-step.ts';
import { createPhaseText, type PhaseText, type VisibleText } from './phase-text.ts';
import type { TokenTable } from './piece.ts';
import type { ResolvedPhase } from './resolved-phase.ts';

/** Text, and the marks that tell calls. */
export type AnswerPart = { text: string; special: boolean };

type PhaseEnd = Extract<PhaseStep, { type: 'phase-end' }>;

/**
 * What a run owes its client, from the steps of its phases: text whole to the character, marks as events of their own, the
 * rest joined. What another worker sent before is only kept for the next turn.
 */
export class RunEvents {
	outbox: WorkerEvent[] = [];
	/** What the last phase shows, for the next turn's prompt. */
	readonly answer: AnswerPart[] = [];

	readonly #request: GenerateRequest;
	readonly #phases: readonly ResolvedPhase[];
	readonly #tokens: TokenTable;
	#text: PhaseText;
	#delta: { text: string; ids: number[]; logprobs: TokenLogprob[] } = { text: '', ids: [], logprobs: [] };

	constructor(request: GenerateRequest, phases: readonly ResolvedPhase[], tokens: TokenTable) {
		this.#request = request;
		this.#phases = phases;
		this.#tokens = tokens;
		this.#text = this.#openText(0);
	}

	take(): WorkerEvent[] {
		const events = this.outbox;
		this.outbox = [];
		return events;
	}

	/** A token of a phase. `logprob` is null for a forced one. */
	token(phase: number, id: number, logprob: TokenLogprob | null, wasSent: boolean): void {
		const piece = this.#tokens.piece(id);
		if (!wasSent) this.#delta.ids.push(id);
		const wanted = this.#request.logprobs === null ? null : (logprob ?? this.#forcedLogprob(id));
		const shown = this.#text.push(piece, wanted);
		if (!this.#tokens.isMark(id) || piece.text === null || !shown.text.endsWith(piece.text)) {
			this.#addText(phase, shown, wasSent);
			return;
		}
		const before = shown.text.slice(0, shown.text.length - piece.text.length);
		this.#keepAnswer(phase, before, false);
		this.#keepAnswer(phase, piece.text, true);
		if (wasSent) return;
		const ids = this.#delta.ids.splice(-1);
		this.#delta.text += before;
		this.#delta.logprobs.push(...shown.logprobs.slice(0, -1));
		this.flush(phase);
		this.#addDelta(phase, piece.text, true, ids, shown.logprobs.slice(-1));
	}

	/** A token between the phases, which shows nothing. */
	mark(id: number, wasSent: boolean): void {
		if (!wasSent) this.#delta.ids.push(id);
	}

	endPhase(step: PhaseEnd, wasSent: boolean): void {
		this.#addText(step.phase, this.#text.end(), wasSent);
		this.flush(step.phase);
		if (!wasSent) this.#addPhaseEnd(step);
		this.#text = this.#openText(step.phase + 1);
	}

	/** Text that was gathered becomes an event. */
	flush(phase: number): void {
		const { text, ids, logprobs } = this.#delta;
		if (ids.length === 0 && text === '' && logprobs.length === 0) return;
		this.#addDelta(phase, text, false, ids, logprobs);
		this.#delta = { text: '', ids: [], logprobs: [] };
	}

	#addText(phase: number, shown: VisibleText, wasSent: boolean): void {
		this.#keepAnswer(phase, shown.text, false);
		if (wasSent) return;
		this.#delta.text += shown.text;
		if (shown.logprobs.length > 0) this.#delta.logprobs.push(...shown.logprobs);
	}

	#keepAnswer(phase: number, text: string, special: boolean): void {
		if (text === '' || this.#request.phases.length - 1 !== phase) return;
		const last = this.answer.at(-1);
		if (last?.special === special) last.text += text;
		else this.answer.push({ text, special });
	}

	#addDelta(phase: number, text: string, special: boolean, ids: number[], logprobs: TokenLogprob[]): void {
		const name = this.#request.phases[phase]?.name ?? 'answer';
		const logged = this.#request.logprobs === null ? null : logprobs;
		const last = this.outbox.at(-1);
		const mayJoin = logged === null && this.#request.eventIntervalMs !== 0;
		const joins = mayJoin && last?.type === 'delta' && last.phase === name && !last.special && !special;
		if (joins) {
			last.text += text;
			last.ids.push(...ids);
			return;
		}
		this.outbox.push({ type: 'delta', phase: name, text, special, ids, logprobs: logged });
	}

	#addPhaseEnd(step: PhaseEnd): void {
		const { type, reason, tokens, emptyRetries, landsSoftly, ids } = step;
		const phase = this.#request.phases[step.phase]?.name ?? 'answer';
		const budgetTokens = this.#phases[step.phase]?.softLimitTokens ?? null;
		const ms = Math.round(step.ms);
		this.outbox.push({ type, phase, reason, tokens, ms, emptyRetries, budgetTokens, landsSoftly, ids: [...ids] });
	}

	/** A phase's own whitespace at a border between two phases is the format's. */
	#openText(phase: number): PhaseText {
		const { name, continues = false } = this.#request.phases[phase] ?? {};
		const isReasoning = name === 'reasoning';
		return createPhaseText({ trimsStart: !continues && (isReasoning || phase > 0), trimsEnd: isReasoning });
	}

	/** A forced token had no rival. */
	#forcedLogprob(id: number): TokenLogprob {
		const bytes = Buffer.from(this.#tokens.piece(id).bytes).toString('base64');
		return { id, bytes, logprob: 0, top: [] };
	}
}
