import { overloaded, type RetortError, shuttingDown, workerFailed } from '../errors.ts';
import type { GenerateRequest, PhaseName, PrefixCacheCounts, WorkerHealth } from '../protocol/worker-api.ts';
import { NO_GAPS } from './batch-gaps.ts';
import type { EngineOptions } from './engine-options.ts';
import { EventDelivery } from './event-delivery.ts';
import { type EventSink, Generation } from './generation.ts';
import { NextTurns } from './next-turns.ts';
import { planStep, type StepLimits, type StepPlan } from './plan-step.ts';
import { createPrefillPace } from './prefill-pace.ts';
import { PrefixCache } from './prefix-cache.ts';
import { resolveRequest } from './resolve-request.ts';
import { Slot } from './slot.ts';
import { createStep, type Step } from './step.ts';
import { StepMeter } from './step-meter.ts';
import { createPromptTokeniser } from './tokenise-prompt.ts';
import { WaitingLine } from './waiting-line.ts';

export type GenerationHandle = {
	/** The client left: the slot is free after the step that runs now. */
	cancel(): void;
	/** The sink can take events again. */
	resume(): void;
};

/**
 * The decode loop: one batch a step for all slots, decoding tokens first, prompt slices in what room is left, idle slots'
 * warm-up last. It sleeps when there is nothing to evaluate.
 */
export class Engine {
	readonly tokenisePrompt: ReturnType<typeof createPromptTokeniser>;
	readonly #options: EngineOptions;
	readonly #slots: Slot[];
	readonly #step: Step;
	readonly #meter: StepMeter;
	readonly #limits: StepLimits;
	readonly #delivery: EventDelivery;
	readonly #cache: PrefixCache;
	readonly #waiting: WaitingLine;
	readonly #nextTurns: NextTurns;
	#order = 0;
	#isRunning = false;
	#isClosing = false;
	#failure: RetortError | null = null;
	#whenIdle: (() => void)[] = [];

	constructor(options: EngineOptions) {
		const { native, vocabulary, contextTokens } = options;
		this.#options = options;
		const { batchTokens, microBatchTokens = batchTokens, prefillSliceTokens } = options;
		const sliceTokens = Math.min(prefillSliceTokens, microBatchTokens);
		const pace = createPrefillPace({ sliceTokens, batchTokens, microBatchTokens });
		this.tokenisePrompt = createPromptTokeniser(vocabulary);
		this.#slots = Array.from({ length: options.slots }, (_, index) => new Slot(index, native));
		const { copyMs = Number.POSITIVE_INFINITY, rows = NO_GAPS, parking = null } = options;
		this.#limits = { pace, rows, batchTokens, contextTokens };
		this.#cache = new PrefixCache({ native, slots: this.#slots, pace, copyMs, rows, parking });
		this.#waiting = new WaitingLine(this.#slots, this.#cache, contextTokens);
		this.#delivery = new EventDelivery(this.#slots);
		this.#nextTurns = new NextTurns({ contextTokens, tokenisePrompt: this.tokenisePrompt });
		const { speculation = null } = options;
		this.#meter = new StepMeter(pace);
		const duringDecode = () => this.#delivery.flush(this.#meter.nextMs);
		const onSteps = (steps: number) => this.#goOn(steps);
		this.#step = createStep({ native, vocabulary, contextTokens, batchTokens, speculation, duringDecode, onSteps });
	}

	/**
	 * Takes a request. Throws RetortError when it cannot run (too long, broken, engine full); afterwards everything goes to
	 * the sink: `generation-start` first, `generation-end` or `generation-error` last.
	 */
	generate(request: GenerateRequest, sink: EventSink): GenerationHandle {
		if (this.#failure !== null) throw this.#failure;
		if (this.#isClosing) throw shuttingDown();
		if (this.#waiting.isFull) throw overloaded('All slots of the worker are busy.');
		const { native, vocabulary } = this.#options;
		const resolved = resolveRequest(request, { ...this.#options, tokenisePrompt: this.tokenisePrompt });
		const { eventIntervalMs = 0 } = this.#options;
		const order = this.#order++;
		const generation = new Generation(request, resolved, { vocabulary, native, order, eventIntervalMs, sink });
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
		const found = this.#generations().some((each) => each.request.requestId === requestId && each.requestEnd(phase));
		if (found) this.#step.interrupt();
		return found;
	}

	health(): Omit<WorkerHealth, 'rssBytes' | 'prefixCache'> & { prefixCache: PrefixCacheCounts } {
		return {
			state: this.#failure !== null ? 'failed' : this.#isClosing ? 'draining' : 'ready',
			busySlots: this.#busySlots(),
			waiting: this.#waiting.length,
			progress: this.#meter.progress,
			prefixCache: this.#cache.counts,
		};
	}

	/** Resolves when nothing runs, warm-up included. */
	async whenIdle(): Promise<void> {
		while (this.#isRunning || this.#busySlots() > 0) {
			await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
		}
	}

	/** Takes no more and resolves when nothing runs. */
	async close(): Promise<void> {
		this.#isClosing = true;
		await this.whenIdle();
		for (const slot of this.#slots) slot.sampler.dispose();
		this.#cache.close();
	}

	/** Fails what runs, and resolves when the native step that is under way is over. */
	async destroy(error: RetortError): Promise<void> {
		this.#isClosing = true;
		this.#failAll(error);
		this.#wake();
		await this.close();
	}

	/** All that run or wait. */
	#generations(): Generation[] {
		const running = this.#slots.flatMap(({ generation }) => (generation === null ? [] : [generation]));
		return [...this.#waiting.generations, ...running];
	}

	#busySlots(): number {
		return this.#slots.reduce((count, slot) => count + (slot.isBusy ? 1 : 0), 0);
	}

	#wake(): void {
		this.#step.interrupt();
		this.#nextTurns.endPause();
		if (this.#isRunning || this.#failure !== null) return;
		this.#isRunning = true;
		// A task of its own (run() catches everything): requests that arrive together share the first batch.
		setImmediate(() => void this.#run());
	}

	async #run(): Promise<void> {
		try {
			for (;;) {
				this.#releaseDone();
				if (this.#waiting.length > 0 || this.#cache.isAwaited) await this.#waiting.admit();
				// A resumed generation may have been over before it started.
				if (this.#releaseDone()) continue;
				const plan = planStep(this.#slots, {
					...this.#limits,
					warmUps: this.#isClosing ? 'never' : this.#cache.warmUps,
				});
				if (plan.entries.length === 0) break;
				if (plan.onlyWarmsUp && this.#nextTurns.pauseMs > 0) {
					this.#delivery.flush(null);
					await this.#nextTurns.pause();
					continue;
				}
				await this.#evaluate(plan);
				this.#cache.stepped();
				this.#delivery.heartbeat();
			}
		} catch (cause) {
			this.#failure = workerFailed('The model failed to evaluate a batch.', cause);
			this.#failAll(this.#failure);
			this.#releaseDone();
			this.#options.onFailure(this.#failure);
		} finally {
			this.#isRunning = false;
			this.#delivery.flush(null);
			for (const resolve of this.#whenIdle.splice(0)) resolve();
		}
	}

	async #evaluate(plan: StepPlan): Promise<void> {
		const mayAdmit = this.#waiting.length > 0 && this.#busySlots() < this.#slots.length;
		this.#meter.begin(plan);
		this.#meter.count(await this.#step.run(plan, this.#slots, !mayAdmit && !this.#cache.isAwaited));
	}

	/** Steps are over, and others follow them by themselves. */
	#goOn(steps: number): void {
		this.#meter.count(steps);
		this.#delivery.flush(this.#meter.nextMs);
		this.#delivery.heartbeat();
		if (this.#slots.some(({ generation }) => generation?.isPaused)) this.#step.interrupt();
	}

	#releaseDone(): boolean {
		let released = false;
		for (const slot of this.#slots) {
			const { generation } = slot;
			if (generation === null || !(generation.isFinished || generation.isCancelled)) continue;
			slot.release();
			slot.lastUsed = this.#cache.tick();
			released = true;
			this.#nextTurns.released();
			this.#delivery.send(generation, true);
			if (!generation.isCancelled && !this.#isClosing) this.#nextTurns.prepare(slot, generation);
		}
		return released;
	}

	#failAll(error: RetortError): void {
		for (const generation of this.#generations()) generation.fail(error.code ?? 'internal_error', error.message);
		for (const generation of this.#waiting.leave()) this.#delivery.send(generation, true);
	}
}
