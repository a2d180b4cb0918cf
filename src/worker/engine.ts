import { overloaded, type RetortError, shuttingDown, workerFailed } from '../errors.ts';
import type { GenerateRequest, PhaseName, WorkerHealth } from '../protocol/worker-api.ts';
import { type BatchEntry, planBatch } from './batch-plan.ts';
import type { Native, NativeSampler } from './binding.ts';
import { type EventSink, Generation } from './generation.ts';
import { createLogprobReader } from './logprobs.ts';
import { resolveRequest } from './resolve-request.ts';
import { resetConfig } from './sampling.ts';
import { pickSlot } from './slot-table.ts';
import { createPromptTokeniser } from './tokenise-prompt.ts';
import type { Vocabulary } from './vocabulary.ts';

type Slot = {
	readonly index: number;
	readonly sampler: NativeSampler;
	tokens: number[];
	cacheScope: string | null;
	isBusy: boolean;
	lastUsed: number;
	generation: Generation | null;
};

export type EngineOptions = {
	native: Native;
	vocabulary: Vocabulary;
	slots: number;
	contextTokens: number;
	batchTokens: number;
	prefillSliceTokens: number;
	/** A decode failed and the KV cache is undefined: every generation got its error, the process should end. */
	onFailure: (error: RetortError) => void;
};

export type GenerationHandle = {
	/** The client left: the slot is free after the step that runs now. */
	cancel(): void;
	/** The sink can take events again. */
	resume(): void;
};

/** Requests that may wait for a slot, a slot. The gateway queues; this is for its races and for bare workers. */
const MAX_WAITING_PER_SLOT = 4;
/** A waiting generation gives a sign of life so often. */
const HEARTBEAT_MS = 1000;

/**
 * The decode loop: one batch a step for all slots, decoding tokens first, prompt slices in what room is left. It sleeps
 * when nothing waits. While a pool thread decodes one step, this thread writes out the events of the step before.
 */
export class Engine {
	readonly tokenisePrompt: ReturnType<typeof createPromptTokeniser>;
	readonly #options: EngineOptions;
	readonly #slots: Slot[];
	readonly #readLogprob: ReturnType<typeof createLogprobReader>;
	#waiting: Generation[] = [];
	#order = 0;
	#progress = 0;
	#lastHeartbeatMs = 0;
	#isRunning = false;
	#isClosing = false;
	#failure: RetortError | null = null;
	#whenIdle: (() => void)[] = [];

	constructor(options: EngineOptions) {
		this.#options = options;
		this.tokenisePrompt = createPromptTokeniser(options.vocabulary);
		this.#readLogprob = createLogprobReader(options.native, options.vocabulary);
		this.#slots = Array.from({ length: options.slots }, (_, index) => ({
			index,
			sampler: options.native.createSampler(),
			tokens: [],
			cacheScope: null,
			isBusy: false,
			lastUsed: 0,
			generation: null,
		}));
	}

	/**
	 * Takes a request. Throws RetortError when it cannot run (too long, broken, engine full); afterwards everything goes to
	 * the sink: `generation-start` first, `generation-end` or `generation-error` last.
	 */
	generate(request: GenerateRequest, sink: EventSink): GenerationHandle {
		if (this.#failure !== null) throw this.#failure;
		if (this.#isClosing) throw shuttingDown();
		const busySlots = this.#slots.filter((slot) => slot.isBusy).length;
		if (this.#waiting.length + busySlots >= this.#slots.length * (1 + MAX_WAITING_PER_SLOT)) {
			throw overloaded('All slots of the worker are busy.');
		}
		const { native, vocabulary, contextTokens } = this.#options;
		const resolved = resolveRequest(request, {
			vocabulary,
			tokenisePrompt: this.tokenisePrompt,
			native,
			contextTokens,
		});
		const generation = new Generation(request, resolved, { vocabulary, native, order: this.#order++, sink });
		generation.replay();
		this.#waiting.push(generation);
		this.#wake();
		return {
			cancel: () => {
				generation.isCancelled = true;
				generation.isPaused = false;
				this.#wake();
			},
			resume: () => {
				generation.isPaused = false;
				this.#wake();
			},
		};
	}

	/** Closes the phase of a running generation; false when none of that id is in it. */
	endPhase(requestId: string, phase: PhaseName): boolean {
		const running = [...this.#waiting, ...this.#slots.map((slot) => slot.generation)];
		return running.some((generation) => generation?.request.requestId === requestId && generation.requestEnd(phase));
	}

	health(): Omit<WorkerHealth, 'rssBytes'> {
		return {
			state: this.#failure !== null ? 'failed' : this.#isClosing ? 'draining' : 'ready',
			busySlots: this.#slots.filter((slot) => slot.isBusy).length,
			waiting: this.#waiting.length,
			progress: this.#progress,
		};
	}

	/** Takes no more and resolves when nothing runs. */
	async close(): Promise<void> {
		this.#isClosing = true;
		while (this.#isRunning || this.#slots.some((slot) => slot.isBusy)) {
			await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
		}
		for (const slot of this.#slots) slot.sampler.dispose();
	}

	/** Fails what runs, and resolves when the native step that is under way is over. */
	async destroy(error: RetortError): Promise<void> {
		this.#isClosing = true;
		this.#failAll(error);
		this.#wake();
		await this.close();
	}

	#wake(): void {
		if (this.#isRunning || this.#failure !== null) return;
		this.#isRunning = true;
		// A task of its own (run() catches everything): requests that arrive together share the first batch.
		setImmediate(() => void this.#run());
	}

	async #run(): Promise<void> {
		try {
			for (;;) {
				this.#releaseDone();
				this.#admit();
				// A resumed generation may have been over before it started.
				if (this.#releaseDone()) continue;
				const entries = this.#plan();
				if (entries.length === 0) break;
				await this.#step(entries);
			}
		} catch (cause) {
			this.#failure = workerFailed('The model failed to evaluate a batch.', cause);
			this.#failAll(this.#failure);
			this.#releaseDone();
			this.#options.onFailure(this.#failure);
		} finally {
			this.#isRunning = false;
			this.#flush();
			for (const resolve of this.#whenIdle.splice(0)) resolve();
		}
	}

	#admit(): void {
		if (this.#waiting.length === 0) return;
		this.#waiting = this.#waiting.filter((generation) => !generation.isCancelled);
		for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
			if (this.#slots.every((slot) => slot.isBusy)) return;
			const input = next.inputTokens;
			const choice = pickSlot(this.#slots, input, next.request.cacheScope);
			const slot = choice === null ? undefined : this.#slots[choice.index];
			if (choice === null || slot === undefined) return;
			this.#waiting.shift();
			slot.isBusy = true;
			slot.generation = next;
			slot.lastUsed = ++this.#order;
			slot.cacheScope = next.request.cacheScope;
			this.#rewind(slot, next.isFinished ? slot.tokens.length : choice.cachedTokens);
			slot.sampler.applyConfig(resetConfig(next.seed));
			next.start(Math.min(slot.tokens.length, choice.cachedTokens));
			if (next.isFinished) next.pending = [];
			else if (input.length >= this.#options.contextTokens) next.endForLength();
		}
	}

	/** Drops the cache's cells from `length` on; all of them where the model's memory cannot be cut. */
	#rewind(slot: Slot, length: number): void {
		if (slot.tokens.length === length) return;
		const { context } = this.#options.native;
		if (length > 0 && context.removeTokenCellsFromSequence(slot.index, length, -1)) {
			slot.tokens.length = length;
		} else {
			context.disposeSequence(slot.index);
			slot.tokens.length = 0;
		}
	}

	#plan(): BatchEntry[] {
		const candidates = [];
		for (const { index, generation } of this.#slots) {
			if (generation === null || generation.isPaused || generation.isFinished) continue;
			const { pending, isPrefill, order } = generation;
			if (pending.length > 0) candidates.push({ slot: index, pending: pending.length, isPrefill, order });
		}
		return planBatch(candidates, this.#options);
	}

	async #step(entries: readonly BatchEntry[]): Promise<void> {
		const { context } = this.#options.native;
		const ready: { slot: Slot; generation: Generation; batchIndex: number }[] = [];
		context.initBatch(entries.reduce((sum, entry) => sum + entry.tokens, 0));
		for (const { slot: index, tokens: count } of entries) {
			const slot = this.#slots[index];
			const generation = slot?.generation;
			if (slot === undefined || generation === null || generation === undefined) continue;
			const isLast = count === generation.pending.length;
			const tokens = isLast ? generation.pending : generation.pending.slice(0, count);
			const [batchIndex] = context.addToBatch(
				index,
				slot.tokens.length,
				Uint32Array.from(tokens),
				isLast ? Uint32Array.of(count - 1) : new Uint32Array(0),
			);
			for (const id of tokens) slot.tokens.push(id);
			generation.pending = isLast ? [] : generation.pending.slice(count);
			if (batchIndex !== undefined) ready.push({ slot, generation, batchIndex });
			else generation.reportPrefill();
		}
		const decoded = context.decodeBatch();
		this.#flush();
		await decoded;
		for (const entry of entries) this.#progress += entry.tokens;
		this.#heartbeat();
		const draws: Promise<void>[] = [];
		for (const { slot, generation, batchIndex } of ready) {
			if (generation.isCancelled) continue;
			if (generation.isPrefill) generation.begin();
			if (generation.isFinished || generation.pending.length > 0) continue;
			draws.push(this.#draw(slot, generation, batchIndex));
		}
		await Promise.all(draws);
		for (const { slot, generation } of ready) {
			if (slot.tokens.length + generation.pending.length > this.#options.contextTokens) generation.endForLength();
		}
	}

	/** Draws until the phase machine takes a token: it refuses one at most, for an empty or an unopened phase. */
	async #draw(slot: Slot, generation: Generation, batchIndex: number): Promise<void> {
		const { context } = this.#options.native;
		try {
			do {
				if (generation.needsConfig) {
					generation.needsConfig = false;
					slot.sampler.applyConfig(generation.samplerConfig());
					generation.needsConfig = generation.banned.length > 0;
				}
				const id = await context.sampleToken(batchIndex, slot.sampler);
				const { logprobs } = generation.request;
				const logprob = logprobs === null || id < 0 ? null : await this.#readLogprob(batchIndex, id, logprobs);
				// -1: the grammar is at its end and the vocabulary has no token to say so.
				if (id < 0) generation.endOfGrammar();
				else generation.accept(id, logprob);
			} while (!generation.isFinished && generation.pending.length === 0);
		} catch (cause) {
			// A grammar that stumbles is its own request's fault; the context is whole.
			generation.fail('generation_failed', cause instanceof Error ? cause.message : 'Sampling failed.');
		}
	}

	#heartbeat(): void {
		const now = performance.now();
		if (now - this.#lastHeartbeatMs < HEARTBEAT_MS) return;
		this.#lastHeartbeatMs = now;
		for (const { generation } of this.#slots) {
			if (generation?.isPrefill && generation.outbox.length === 0) generation.reportPrefill();
		}
	}

	#flush(): void {
		for (const { generation } of this.#slots) {
			if (generation === null || generation.outbox.length === 0 || generation.isFinished) continue;
			this.#send(generation, false);
		}
	}

	#send(generation: Generation, isLast: boolean): void {
		const events = generation.outbox;
		generation.outbox = [];
		if (!generation.sink(events, isLast) && !isLast) generation.isPaused = true;
	}

	#releaseDone(): boolean {
		let released = false;
		for (const slot of this.#slots) {
			const { generation } = slot;
			if (generation === null || !(generation.isFinished || generation.isCancelled)) continue;
			slot.generation = null;
			slot.isBusy = false;
			slot.lastUsed = ++this.#order;
			released = true;
			this.#send(generation, true);
		}
		return released;
	}

	#failAll(error: RetortError): void {
		for (const generation of [...this.#waiting, ...this.#slots.map((slot) => slot.generation)]) {
			generation?.fail(error.code ?? 'internal_error', error.message);
		}
		for (const generation of this.#waiting) this.#send(generation, true);
		this.#waiting = [];
	}
}
