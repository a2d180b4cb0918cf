import type { GenerateRequest, TokenLogprob, WorkerEvent } from '../protocol/worker-api.ts';
import { createPhaseMachine, type PhaseMachine } from './phase-machine.ts';
import type { PhaseStep } from './phase-step.ts';
import type { TokenTable } from './piece.ts';
import type { ResolvedPhase } from './resolved-phase.ts';
import { type AnswerPart, RunEvents } from './run-events.ts';

/** A request whose texts became token ids. */
export type ResolvedTokens = {
	prompt: readonly number[];
	phases: readonly ResolvedPhase[];
	/** By phase: the token with which its grammar wakes up. */
	triggers: readonly (number | null)[];
};

/**
 * One request as its phases see it: what it still has to evaluate, where it stands, and the events that it owes. Whoever
 * draws tokens hands them over one by one and takes `pending` to the model, forced tokens included.
 */
export class PhaseRun {
	readonly request: GenerateRequest;
	readonly prompt: readonly number[];
	/** Tokens for the model: the prompt's rest, then what was drawn or forced. */
	pending: number[] = [];
	isPrefill = true;
	isCancelled = false;
	/** The next draw is another phase's, or another than the last one was. */
	needsConfig = true;
	/** Tokens that the next draw must not give: the last one was refused. */
	banned: readonly number[] = [];
	cachedTokens = 0;
	/** As told; the engine's own count where that comes late. */
	promptTokens: number;
	/** Generated or forced ids so far: what follows the prompt in the cache. */
	readonly generated: number[] = [];

	protected readonly machine: PhaseMachine;
	/** Of the phase that runs. */
	protected phaseIds: number[] = [];
	readonly #tokens: TokenTable;
	readonly #resolved: ResolvedTokens;
	readonly #arrivedMs = performance.now();
	readonly #events: RunEvents;
	#hasBegun = false;
	#inputLength = 0;
	#slotMs = 0;
	#decodeMs = 0;

	constructor(request: GenerateRequest, resolved: ResolvedTokens, tokens: TokenTable) {
		this.request = request;
		this.prompt = resolved.prompt;
		this.promptTokens = resolved.prompt.length;
		this.#resolved = resolved;
		this.#tokens = tokens;
		this.machine = createPhaseMachine(resolved.phases, request.maxTokens);
		this.#events = new RunEvents(request, resolved.phases, tokens);
	}

	/** Events that are owed. */
	get outbox(): WorkerEvent[] {
		return this.#events.outbox;
	}

	/** All that are owed: they are the caller's to send. */
	takeEvents(): WorkerEvent[] {
		return this.#events.take();
	}

	/** What the last phase shows, for the next turn's prompt. */
	get answer(): readonly AnswerPart[] {
		return this.#events.answer;
	}

	get isFinished(): boolean {
		return this.machine.isFinished;
	}

	/** Index of the phase that the next token belongs to. */
	get phase(): number {
		return this.machine.phase;
	}

	/** The token that would open an optional phase is the next one. */
	get isOpening(): boolean {
		return this.machine.isOpening;
	}

	/** `generation-start` is owed or sent. */
	get hasStarted(): boolean {
		return this.#slotMs > 0;
	}

	/** The first phase may not hold a token: it is closed before anything is drawn. */
	get closesAtOnce(): boolean {
		const [first] = this.#resolved.phases;
		return !this.#hasBegun && first?.maxTokens === 0 && first.startToken === null;
	}

	/** Of the phase that runs, in order. */
	get phaseTokens(): readonly number[] {
		return this.phaseIds;
	}

	/** How many more tokens the phase that runs can take at most. */
	get mostDraws(): number {
		const ofPhase = this.#resolved.phases[this.phase]?.maxTokens ?? Number.POSITIVE_INFINITY;
		const ofAll = this.request.maxTokens ?? Number.POSITIVE_INFINITY;
		return Math.max(1, Math.min(ofPhase - this.phaseIds.length, ofAll - this.machine.completionTokens));
	}

	/** With this token the grammar of the phase wakes up; null where it needs none. */
	get trigger(): number | null {
		return this.#resolved.triggers[this.phase] ?? null;
	}

	/** The prompt, and what another worker generated after it. */
	get inputTokens(): readonly number[] {
		return [...this.prompt, ...this.generated];
	}

	/** Walks through what another worker generated already; nothing of it is sent again. */
	replay(): void {
		const { resume } = this.request;
		if (resume.length === 0) return;
		this.#hasBegun = true;
		this.#apply(this.machine.begin(performance.now()), resume, 0, null);
		for (let next = this.generated.length; next < resume.length && !this.isFinished; ) {
			const before = this.generated.length;
			const { steps } = this.#push(resume[next] ?? 0, true);
			this.#apply(steps, resume, next, null);
			next += Math.max(1, this.generated.length - before);
		}
		this.pending = [];
	}

	/** A slot is held. Its cache holds the first `cachedTokens` of the input, or will. */
	start(cachedTokens: number): void {
		this.#slotMs = performance.now();
		this.evaluateFrom(cachedTokens);
		this.outbox.unshift({
			type: 'generation-start',
			promptTokens: this.promptTokens,
			cachedTokens: this.cachedTokens,
		});
	}

	/** The cache came to hold so many tokens of the input. */
	evaluateFrom(cachedTokens: number): void {
		const input = this.inputTokens;
		this.#inputLength = input.length;
		this.cachedTokens = Math.min(cachedTokens, this.prompt.length);
		this.pending = input.slice(cachedTokens);
	}

	/** Reports a slice of the prompt, also as a sign of life. */
	reportPrefill(): void {
		if (this.isCancelled) return;
		const totalTokens = this.prompt.length;
		const evaluatedTokens = Math.max(0, Math.min(totalTokens, this.#inputLength - this.pending.length));
		this.outbox.push({ type: 'prefill-progress', evaluatedTokens, totalTokens });
	}

	/** The whole input is evaluated; the first phase begins, unless it did elsewhere. Tokens may be forced at once. */
	begin(): void {
		this.isPrefill = false;
		this.#decodeMs = performance.now();
		if (this.#hasBegun) return;
		this.#hasBegun = true;
		this.#apply(this.machine.begin(this.#decodeMs), [], 0, null);
	}

	/** One drawn token. It, and what it forces, is in `pending` then, unless it was refused. */
	accept(id: number, logprob: TokenLogprob | null): void {
		if (this.isCancelled) return;
		this.banned = [];
		const { steps, redraw } = this.#push(id, false);
		this.#apply(steps, [], 0, logprob);
		if (redraw !== null) {
			this.banned = redraw;
			this.needsConfig = true;
		}
	}

	endOfGrammar(): void {
		const token = { id: -1, isEndOfGeneration: true, text: '', isReplay: true };
		this.#apply(this.machine.push(token, performance.now()).steps, [], 0, null);
	}

	/** The context has no cell left. */
	endForLength(): void {
		if (this.isCancelled) return;
		this.#apply(this.machine.endForLength(performance.now()), [], 0, null);
	}

	requestEnd(phase: 'reasoning' | 'answer'): boolean {
		return this.machine.requestEnd(phase);
	}

	/** The error is the last event: what a step under way still gives is dropped. */
	fail(code: string, message: string): void {
		if (this.isCancelled || this.isFinished) return;
		this.isCancelled = true;
		this.outbox.push({ type: 'generation-error', code, message });
	}

	/** How many draws may follow each other unseen, as far as the phases go, unless one gives a token of `stops`. */
	drawsToDecision(spanMs: number): number {
		return this.machine.tokensToDecision(performance.now(), spanMs);
	}

	/** Ids after which the phases have something to say; those that end the generation aside. */
	get stops(): number[] {
		const { phase } = this.machine;
		const ids = [this.#resolved.phases[phase]?.endToken, this.#resolved.triggers[phase]];
		return ids.filter((id) => typeof id === 'number');
	}

	#push(id: number, isReplay: boolean) {
		const isEndOfGeneration = this.#tokens.isEndOfGeneration(id);
		// A part of a character is text too: an answer of such parts alone is not empty.
		const text = this.#tokens.piece(id).text ?? '\ufffd';
		return this.machine.push({ id, isEndOfGeneration, text, isReplay }, performance.now());
	}

	/** Carries out the machine's steps; those that `resume` holds from `next` on were sent by another worker. */
	#apply(steps: readonly PhaseStep[], resume: readonly number[], next: number, logprob: TokenLogprob | null): void {
		let at = next;
		let freshLogprob = logprob;
		for (const step of steps) {
			const wasSent = at < resume.length;
			switch (step.type) {
				case 'token':
					at++;
					this.#feed(step.id);
					this.phaseIds.push(step.id);
					if (this.#resolved.triggers[step.phase] === step.id) this.needsConfig = true;
					this.#events.token(step.phase, step.id, step.isForced ? null : freshLogprob, wasSent);
					freshLogprob = null;
					break;
				case 'mark':
					at++;
					this.#feed(step.id);
					this.#events.mark(step.id, wasSent);
					this.needsConfig = true;
					break;
				case 'phase-end':
					at += step.ids.length;
					for (const id of step.ids) this.#feed(id);
					this.#events.endPhase(step, wasSent);
					this.phaseIds = [];
					this.needsConfig = true;
					break;
				case 'finish':
					this.#emitEnd(step.reason);
					break;
			}
		}
		if (!this.isFinished) this.#events.flush(this.machine.phase);
	}

	#feed(id: number): void {
		this.generated.push(id);
		this.pending.push(id);
	}

	#emitEnd(finishReason: 'stop' | 'length'): void {
		const now = performance.now();
		const decodeMs = this.#decodeMs === 0 ? now : this.#decodeMs;
		this.outbox.push({
			type: 'generation-end',
			finishReason,
			promptTokens: this.promptTokens,
			cachedTokens: this.cachedTokens,
			completionTokens: this.machine.completionTokens,
			reasoningTokens: this.machine.reasoningTokens,
			timings: {
				queueMs: Math.max(0, this.#slotMs - this.#arrivedMs),
				prefillMs: Math.max(0, decodeMs - this.#slotMs),
				decodeMs: Math.max(0, now - decodeMs),
			},
		});
	}
}
