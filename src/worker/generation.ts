import type { GenerateRequest, WorkerEvent } from '../protocol/worker-api.ts';
import { PhaseRun } from '../tokens/phase-run.ts';
import type { Native, NativeGrammarState, NativeSamplerConfig } from './binding.ts';
import { Guesses } from './guesses.ts';
import type { ResolvedRequest } from './resolve-request.ts';
import { drawSeed, toSamplerConfig } from './sampling.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Takes events in order; false asks for a pause until `resume`. */
export type EventSink = (events: readonly WorkerEvent[], isLast: boolean) => boolean;

/** One request in the engine: its phases, its sampler's settings and its grammars, which are its only native state. */
export class Generation extends PhaseRun {
	readonly order: number;
	readonly sink: EventSink;
	isPaused = false;
	/** Deltas that come faster than this may be joined. */
	readonly eventIntervalMs: number;
	/** When a token was sent last; the first never waits. */
	lastTokenSentMs = Number.NEGATIVE_INFINITY;
	readonly seed: number;

	readonly #native: Native;
	readonly #grammars: ResolvedRequest['grammars'];
	readonly #grammarStates: (NativeGrammarState | null)[];
	readonly #guesses = new Guesses();

	constructor(
		request: GenerateRequest,
		resolved: ResolvedRequest,
		engine: { vocabulary: Vocabulary; native: Native; order: number; eventIntervalMs: number; sink: EventSink },
	) {
		const { prompt, phases, grammars } = resolved;
		super(request, { prompt, phases, triggers: grammars.map((one) => one?.triggerToken ?? null) }, engine.vocabulary);
		this.order = engine.order;
		this.sink = engine.sink;
		this.eventIntervalMs = request.eventIntervalMs ?? engine.eventIntervalMs;
		this.#native = engine.native;
		const seeded = request.phases.find((phase) => phase.sampling.seed !== null)?.sampling;
		const first = seeded ?? request.phases[0]?.sampling;
		this.seed = first === undefined ? 0 : drawSeed(first);
		this.#grammars = grammars;
		this.#grammarStates = grammars.map(() => null);
	}

	/** It waits for nothing but the next step. */
	get isDecoding(): boolean {
		return !this.isPrefill && !this.isPaused && !this.isCancelled && !this.isFinished;
	}

	/** How many tokens may be guessed: none past the next decision. */
	guessRoom(most: number): number {
		return Math.min(most, this.drawsToDecision(0) - 1);
	}

	/** What may come next if the text repeats itself. */
	repeat(most: number): number[] {
		return this.#guesses.next(this, most);
	}

	/** Of so many tokens that `repeat` gave the first `right` came true. */
	repeated(tokens: number, right: number): void {
		this.#guesses.observe(tokens, right);
	}

	samplerConfig(): NativeSamplerConfig {
		const index = this.phase;
		const phase = this.request.phases[index];
		if (phase === undefined) return {};
		return toSamplerConfig(phase.sampling, {
			seed: phase.sampling.seed ?? this.seed,
			history: this.phaseIds,
			grammar: this.#grammarState(index),
			banned: this.banned,
		});
	}

	/** The phase's grammar where it stands now; null while it sleeps, or where there is none. */
	#grammarState(index: number): NativeGrammarState | null {
		const known = this.#grammarStates[index] ?? null;
		const resolved = this.#grammars[index] ?? null;
		// An optional phase has not begun: its opening token is free.
		if (known !== null || resolved === null || this.machine.isOpening) return known;
		let after = 0;
		if (resolved.triggerToken !== null) {
			const woken = this.phaseIds.indexOf(resolved.triggerToken);
			if (woken < 0) return null;
			after = woken + 1;
		}
		const state = this.#native.startGrammar(resolved.grammar);
		for (const id of this.phaseIds.slice(after)) this.#native.acceptInGrammar(state, id);
		this.#grammarStates[index] = state;
		return state;
	}
}
