import { modelLoading, outOfMemory, overloaded } from '../errors.ts';
import { planLoad, planUnload, type Resident } from './plan-residency.ts';
import type { PoolLog } from './pool-log.ts';
import type { PoolOptions } from './pool-options.ts';
import type { ServedModel } from './served-model.ts';

type ResidentModel = { served: ServedModel; bytes: number; ttlMs: number | null };

const TICK_MS = 1000;

/** Which models are in memory: loads what is asked for, unloads what is idle or has to make room. */
export class ModelResidency {
	readonly #models: readonly ResidentModel[];
	readonly #budgetBytes: number | null;
	/** How long a request waits for its model. */
	readonly #patienceMs: number;
	readonly #log: PoolLog;
	/** One load at a time decides about the memory, so that no byte is promised twice. */
	#turn: Promise<unknown> = Promise.resolve();
	readonly #watchers = new Set<() => void>();
	#timer: NodeJS.Timeout | undefined;

	constructor(models: readonly ServedModel[], options: PoolOptions) {
		this.#models = models.map((served) => {
			const { ttlSeconds = null, memoryBytes = 0, workers } = options.models[served.name] ?? { workers: 0 };
			// What others run is theirs to unload.
			return { served, bytes: memoryBytes, ttlMs: ttlSeconds === null || workers === 0 ? null : ttlSeconds * 1000 };
		});
		this.#budgetBytes = options.memoryBudgetBytes ?? null;
		this.#patienceMs = options.queue.deadlineSeconds * 1000;
		this.#log = options.log;
		if (this.#models.some(({ ttlMs }) => ttlMs !== null))
			this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
	}

	close(): void {
		clearInterval(this.#timer);
	}

	/** To be called after every change of a worker's phase. */
	changed(): void {
		for (const watcher of this.#watchers) watcher();
	}

	/**
	 * Runs once the model can take requests; a model that is not kept for demand is as it is. It stays in memory meanwhile.
	 * Throws `overloaded` when it does not fit, `model_loading` when it takes too long.
	 */
	async during<Result>(served: ServedModel, signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
		if (!served.isOnDemand && !served.isResting) return run();
		const release = await this.#hold(served, signal);
		try {
			return await run();
		} finally {
			release();
		}
	}

	/** Settles once the model can take requests. Throws as `during` does. */
	async awaken(served: ServedModel, signal: AbortSignal): Promise<void> {
		const release = await this.#hold(served, signal);
		release();
	}

	/** Gives what ends the hold. */
	async #hold(served: ServedModel, signal: AbortSignal): Promise<() => void> {
		served.holds += 1;
		const release = () => {
			served.holds -= 1;
			served.lastUsedMs = performance.now();
		};
		try {
			if (served.isResting) await this.#inTurn(() => this.#load(served));
			if (served.isOnDemand)
				await this.#until(
					() => this.#isUp(served),
					signal,
					() => modelLoading(served.name),
				);
			return release;
		} catch (error) {
			release();
			throw error;
		}
	}

	async #load(served: ServedModel): Promise<void> {
		if (!served.isResting) return;
		const plan = planLoad(this.#residents(), served.name, this.#budgetBytes);
		if (plan.type === 'refuse') throw outOfMemory(served.name, plan);
		const evicted = this.#models.filter((model) => plan.evict.includes(model.served.name));
		for (const model of evicted) this.#unload(model.served, 'to make room');
		const isGone = () => evicted.every((model) => model.served.isResting);
		await this.#until(isGone, new AbortController().signal, () => modelLoading(served.name));
		this.#log.info({ model: served.name }, 'model is loaded on demand');
		served.load();
	}

	#isUp(served: ServedModel): boolean {
		if (served.hasGivenUp) throw overloaded('No model worker is available. Please try again shortly.', 10);
		return served.state === 'ready';
	}

	#unload(served: ServedModel, reason: string): void {
		this.#log.info({ model: served.name, reason }, 'model is unloaded');
		served.unload();
	}

	#tick(): void {
		const idle = planUnload(this.#residents(), performance.now());
		for (const { served } of this.#models) if (idle.includes(served.name)) this.#unload(served, 'idle');
	}

	#residents(): Resident[] {
		return this.#models.map(({ served, bytes, ttlMs }) => ({
			name: served.name,
			bytes,
			isHeld: !served.isResting,
			isBusy: served.isBusy,
			lastUsedMs: served.lastUsedMs,
			ttlMs,
		}));
	}

	#inTurn(run: () => Promise<void>): Promise<void> {
		const mine = this.#turn.then(run, run);
		this.#turn = mine.catch(() => {});
		return mine;
	}

	/** Looks again after every change. Throws what `isSo` throws, the signal's reason, or `late()` when patience is over. */
	async #until(isSo: () => boolean, signal: AbortSignal, late: () => Error): Promise<void> {
		if (isSo()) return;
		signal.throwIfAborted();
		let timer: NodeJS.Timeout | undefined;
		let watcher = () => {};
		let onAbort = () => {};
		try {
			await new Promise<void>((resolve, reject) => {
				watcher = () => {
					try {
						if (isSo()) resolve();
					} catch (error) {
						reject(error);
					}
				};
				onAbort = () => reject(signal.reason);
				this.#watchers.add(watcher);
				signal.addEventListener('abort', onAbort, { once: true });
				timer = setTimeout(() => reject(late()), this.#patienceMs);
			});
		} finally {
			clearTimeout(timer);
			this.#watchers.delete(watcher);
			signal.removeEventListener('abort', onAbort);
		}
	}
}
