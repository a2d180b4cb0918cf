import type { GenerateRequest, TokenLogprob, WorkerEvent } from '../protocol/worker-api.ts';
import type { Native, NativeGrammarState, NativeSamplerConfig } from './binding.ts';
import { createPhaseText, type PhaseText, type VisibleText } from './phase-text.ts';
import { createPhaseMachine, type PhaseMachine, type PhaseStep } from './phases.ts';
import type { ResolvedRequest } from './resolve-request.ts';
import { drawSeed, toSamplerConfig } from './sampling.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Takes events in order; false asks for a pause until `resume`. */
export type EventSink = (events: readonly WorkerEvent[], isLast: boolean) => boolean;

/**
 * One request in the engine: what it still has to evaluate, where its phases stand, and the events that it owes. It
 * touches no native state but its grammar; the engine feeds it drawn tokens and takes `pending` to the batch.
 */
export class Generation {
	readonly request: GenerateRequest;
	readonly prompt: readonly number[];
	readonly order: number;
	readonly sink: EventSink;
	/** Tokens for the next batches: the prompt's rest, then what was drawn or forced. */
	pending: number[] = [];
	isPrefill = true;
	isPaused = false;
	isCancelled = false;
	/** The sampler has to be told the phase's settings before the next draw. */
	needsConfig = true;
	/** Tokens that the next draw must not give: the last one was refused. */
	banned: readonly number[] = [];
	cachedTokens = 0;
	/** Deltas that come faster than this may be joined. */
	readonly eventIntervalMs: number;
	outbox: WorkerEvent[] = [];
	/** When a token was sent last; the first never waits. */
	lastTokenSentMs = Number.NEGATIVE_INFINITY;
	/** Generated or forced ids so far: what follows the prompt in the slot's cache. */
	readonly generated: number[] = [];
	/** What the last phase shows, for the next turn's prompt: text, and the marks that tell calls. */
	readonly answer: { text: string; special: boolean }[] = [];

	readonly #vocabulary: Vocabulary;
	readonly #native: Native;
	readonly #resolved: ResolvedRequest;
	readonly #machine: PhaseMachine;
	readonly #seed: number;
	readonly #grammarStates: (NativeGrammarState | null)[];
	readonly #arrivedMs = performance.now();
	#text: PhaseText;
	#delta: { text: string; ids: number[]; logprobs: TokenLogprob[] } = { text: '', ids: [], logprobs: [] };
	#phaseIds: number[] = [];
	#hasBegun = false;
	#inputLength = 0;
	#slotMs = 0;
	#decodeMs = 0;

	constructor(
		request: GenerateRequest,
		resolved: ResolvedRequest,
		engine: { vocabulary: Vocabulary; native: Native; order: number; eventIntervalMs: number; sink: EventSink },
	) {
		this.request = request;
		this.prompt = resolved.prompt;
		this.order = engine.order;
		this.sink = engine.sink;
		this.eventIntervalMs = request.eventIntervalMs ?? engine.eventIntervalMs;
		this.#resolved = resolved;
		this.#vocabulary = engine.vocabulary;
		this.#native = engine.native;
		this.#machine = createPhaseMachine(resolved.phases, request.maxTokens);
		const seeded = request.phases.find((phase) => phase.sampling.seed !== null)?.sampling;
		const first = seeded ?? request.phases[0]?.sampling;
		this.#seed = first === undefined ? 0 : drawSeed(first);
		this.#grammarStates = resolved.grammars.map(() => null);
		this.#text = this.#openText(0);
	}

	get isFinished(): boolean {
		return this.#machine.isFinished;
	}

	/** It waits for nothing but the next step. */
	get isDecoding(): boolean {
		return !this.isPrefill && !this.isPaused && !this.isCancelled && !this.isFinished;
	}

	get seed(): number {
		return this.#seed;
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
		this.#apply(this.#machine.begin(performance.now()), resume, 0, null);
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
			promptTokens: this.prompt.length,
			cachedTokens: this.cachedTokens,
		});
	}

	/** The slot's cache came to hold so many tokens of the input. */
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
		this.#apply(this.#machine.begin(this.#decodeMs), [], 0, null);
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
		this.#apply(this.#machine.push(token, performance.now()).steps, [], 0, null);
	}

	/** The context has no cell left. */
	endForLength(): void {
		if (this.isCancelled) return;
		this.#apply(this.#machine.endForLength(performance.now()), [], 0, null);
	}

	requestEnd(phase: 'reasoning' | 'answer'): boolean {
		return this.#machine.requestEnd(phase);
	}

	/** The error is the last event: what a step under way still gives is dropped. */
	fail(code: string, message: string): void {
		if (this.isCancelled || this.isFinished) return;
		this.isCancelled = true;
		this.outbox.push({ type: 'generation-error', code, message });
	}

	/** How many draws may follow each other unseen, as far as the phases go, unless one gives a token of `stops`. */
	drawsToDecision(spanMs: number): number {
		return this.#machine.tokensToDecision(performance.now(), spanMs);
	}

	/** Ids after which the phases have something to say; those that end the generation aside. */
	get stops(): number[] {
		const phase = this.#machine.phase;
		const ids = [this.#resolved.phases[phase]?.endToken, this.#resolved.grammars[phase]?.triggerToken];
		return ids.filter((id) => typeof id === 'number');
	}

	samplerConfig(): NativeSamplerConfig {
		const index = this.#machine.phase;
		const phase = this.request.phases[index];
		if (phase === undefined) return {};
		return toSamplerConfig(phase.sampling, {
			seed: phase.sampling.seed ?? this.#seed,
			history: this.#phaseIds,
			grammar: this.#grammarState(index),
			banned: this.banned,
		});
	}

	/** The phase's grammar where it stands now; null while it sleeps, or where there is none. */
	#grammarState(index: number): NativeGrammarState | null {
		const known = this.#grammarStates[index] ?? null;
		const resolved = this.#resolved.grammars[index] ?? null;
		// An optional phase has not begun: its opening token is free.
		if (known !== null || resolved === null || this.#machine.isOpening) return known;
		let after = 0;
		if (resolved.triggerToken !== null) {
			const woken = this.#phaseIds.indexOf(resolved.triggerToken);
			if (woken < 0) return null;
			after = woken + 1;
		}
		const state = this.#native.startGrammar(resolved.grammar);
		for (const id of this.#phaseIds.slice(after)) this.#native.acceptInGrammar(state, id);
		this.#grammarStates[index] = state;
		return state;
	}

	#push(id: number, isReplay: boolean) {
		const isEndOfGeneration = this.#vocabulary.isEndOfGeneration(id);
		const text = this.#vocabulary.piece(id).text ?? '';
		return this.#machine.push({ id, isEndOfGeneration, text, isReplay }, performance.now());
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
					this.#phaseIds.push(step.id);
					if (this.#wakesGrammar(step.phase, step.id)) this.needsConfig = true;
					this.#show(step.phase, step.id, step.isForced ? null : freshLogprob, wasSent);
					freshLogprob = null;
					break;
				case 'mark':
					at++;
					this.#feed(step.id);
					if (!wasSent) this.#delta.ids.push(step.id);
					this.needsConfig = true;
					break;
				case 'phase-end':
					at += step.ids.length;
					for (const id of step.ids) this.#feed(id);
					this.#addText(step.phase, this.#text.end(), wasSent);
					this.#flushDelta(step.phase);
					if (!wasSent) this.#emitPhaseEnd(step);
					this.#text = this.#openText(step.phase + 1);
					this.#phaseIds = [];
					this.needsConfig = true;
					break;
				case 'finish':
					this.#emitEnd(step.reason);
					break;
			}
		}
		if (!this.isFinished) this.#flushDelta(this.#machine.phase);
	}

	#feed(id: number): void {
		this.generated.push(id);
		this.pending.push(id);
	}

	#wakesGrammar(phase: number, id: number): boolean {
		return this.#resolved.grammars[phase]?.triggerToken === id && this.#grammarStates[phase] === null;
	}

	#show(phase: number, id: number, logprob: TokenLogprob | null, wasSent: boolean): void {
		const piece = this.#vocabulary.piece(id);
		if (!wasSent) this.#delta.ids.push(id);
		const wanted = this.request.logprobs === null ? null : (logprob ?? this.#forcedLogprob(id));
		const shown = this.#text.push(piece, wanted);
		if (!this.#vocabulary.isMark(id) || piece.text === null || !shown.text.endsWith(piece.text)) {
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
		this.#flushDelta(phase);
		this.#emitDelta(phase, piece.text, true, ids, shown.logprobs.slice(-1));
	}

	#addText(phase: number, shown: VisibleText, wasSent: boolean): void {
		this.#keepAnswer(phase, shown.text, false);
		if (wasSent) return;
		this.#delta.text += shown.text;
		if (shown.logprobs.length > 0) this.#delta.logprobs.push(...shown.logprobs);
	}

	#keepAnswer(phase: number, text: string, special: boolean): void {
		if (text === '' || this.request.phases.length - 1 !== phase) return;
		const last = this.answer.at(-1);
		if (last?.special === special) last.text += text;
		else this.answer.push({ text, special });
	}

	#flushDelta(phase: number): void {
		const { text, ids, logprobs } = this.#delta;
		if (ids.length === 0 && text === '' && logprobs.length === 0) return;
		this.#emitDelta(phase, text, false, ids, logprobs);
		this.#delta = { text: '', ids: [], logprobs: [] };
	}

	#emitDelta(phase: number, text: string, special: boolean, ids: number[], logprobs: TokenLogprob[]): void {
		const name = this.request.phases[phase]?.name ?? 'answer';
		const logged = this.request.logprobs === null ? null : logprobs;
		const last = this.outbox.at(-1);
		const joins = last?.type === 'delta' && last.phase === name && !last.special && !special && logged === null;
		if (joins) {
			last.text += text;
			last.ids.push(...ids);
			return;
		}
		this.outbox.push({ type: 'delta', phase: name, text, special, ids, logprobs: logged });
	}

	#emitPhaseEnd(step: Extract<PhaseStep, { type: 'phase-end' }>): void {
		const { type, reason, tokens, emptyRetries, landsSoftly, ids } = step;
		const phase = this.request.phases[step.phase]?.name ?? 'answer';
		const budgetTokens = this.#resolved.phases[step.phase]?.softLimitTokens ?? null;
		const ms = Math.round(step.ms);
		this.outbox.push({ type, phase, reason, tokens, ms, emptyRetries, budgetTokens, landsSoftly, ids: [...ids] });
	}

	#emitEnd(finishReason: 'stop' | 'length'): void {
		const now = performance.now();
		const decodeMs = this.#decodeMs === 0 ? now : this.#decodeMs;
		this.outbox.push({
			type: 'generation-end',
			finishReason,
			promptTokens: this.prompt.length,
			cachedTokens: this.cachedTokens,
			completionTokens: this.#machine.completionTokens,
			reasoningTokens: this.#machine.reasoningTokens,
			timings: {
				queueMs: Math.max(0, this.#slotMs - this.#arrivedMs),
				prefillMs: Math.max(0, decodeMs - this.#slotMs),
				decodeMs: Math.max(0, now - decodeMs),
			},
		});
	}

	/** A phase's own whitespace at a border between two phases is the format's. */
	#openText(phase: number): PhaseText {
		const { name, continues = false } = this.request.phases[phase] ?? {};
		const isReasoning = name === 'reasoning';
		return createPhaseText({ trimsStart: !continues && (isReasoning || phase > 0), trimsEnd: isReasoning });
	}

	/** A forced token had no rival. */
	#forcedLogprob(id: number): TokenLogprob {
		const bytes = Buffer.from(this.#vocabulary.piece(id).bytes).toString('base64');
		return { id, bytes, logprob: 0, top: [] };
	}
}
