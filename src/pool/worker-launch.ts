import { shuttingDown, workerFailed } from '../errors.ts';
import type { WorkerHealth, WorkerInfo } from '../protocol/worker-api.ts';
import { awaitInfo, type BroughtUp, probeWorker } from './bring-up.ts';
import type { Worker } from './worker.ts';
import type { LaunchedWorker } from './worker-host.ts';
import { LOOKS_PER_STALL, lookAt, watchWorker } from './worker-watch.ts';

/** A worker that is there answers one token within so many stall limits. */
export const STALLS_TO_PROBE = 6;

/** One launch of a worker, from its start to its end: proves that it can work, watches it, and knows its health and doubt. */
export class WorkerLaunch {
	readonly #key: string;
	readonly #launched: LaunchedWorker;
	readonly #stallMs: number;
	readonly #onHealth: () => void;
	/** Aborted when the launch is over: ends its load, probe and watch. */
	readonly #life = new AbortController();
	readonly #startedMs = performance.now();
	#info: WorkerInfo | null = null;
	#health: WorkerHealth | null = null;
	#isDoubted = false;
	#isWatched = false;

	constructor(
		launched: LaunchedWorker,
		options: {
			key: string;
			stallMs: number;
			/** Its state is another now, or it answers again. */
			onHealth: () => void;
		},
	) {
		this.#launched = launched;
		this.#key = options.key;
		this.#stallMs = options.stallMs;
		this.#onHealth = options.onHealth;
	}

	get worker(): Worker {
		return this.#launched.worker;
	}

	get pid(): number | null {
		return this.#launched.pid;
	}

	/** It stays when this process ends. */
	get livesOn(): boolean {
		return this.#launched.livesOn === true;
	}

	/** What it said last of itself. */
	get health(): WorkerHealth | null {
		return this.#health;
	}

	/** As far as is known it takes what it is given. */
	get takesWork(): boolean {
		return !this.#isDoubted && this.#health?.state !== 'draining';
	}

	/** It was told to end or is gone: what is still heard of it counts no more. */
	get isOver(): boolean {
		return this.#life.signal.aborted;
	}

	get ageMs(): number {
		return performance.now() - this.#startedMs;
	}

	/** Waits until it has its model; null when the launch ended before. */
	async bringUp(): Promise<BroughtUp | null> {
		const broughtUp = await awaitInfo(this.worker, this.#life.signal);
		if (broughtUp?.type === 'loaded') this.#info = broughtUp.info;
		return broughtUp;
	}

	/** Has it make one token, or one embedding; null when it could, else why not. */
	probe(patienceMs: number): Promise<string | null> {
		return probeWorker(this.worker, this.#info, `probe-${this.#key}`, patienceMs, this.#life.signal);
	}

	/**
	 * Watches it until it has to be given up (why) or the launch ends (null). One that is watched already, as after a
	 * probation, gives null at once. `pulling` and `mayProbe` as in WatchOptions.
	 */
	async watch({ pulling, mayProbe }: { pulling: () => number; mayProbe: () => boolean }): Promise<string | null> {
		if (this.#isWatched) return null;
		this.#isWatched = true;
		return watchWorker(
			{
				worker: this.worker,
				stallMs: this.#stallMs,
				pulling,
				mayProbe,
				probe: () => this.probe(STALLS_TO_PROBE * this.#stallMs),
				onHealth: (health) => this.#sees(health),
			},
			this.#life.signal,
		);
	}

	/** No work for it until it answers again, for which it is asked at once, out of turn. */
	doubt(): void {
		if (this.#isDoubted) return;
		this.#isDoubted = true;
		void this.#look();
	}

	kill(): void {
		this.#launched.kill();
	}

	/** Asks it to end, and insists after a while. What runs on it goes on elsewhere: this end is not the fault of the request. */
	async end(): Promise<void> {
		this.#life.abort();
		await Promise.all([this.#launched.end(), this.worker.destroy(shuttingDown())]);
	}

	/** Lets go of it, and does not end it. */
	async leave(): Promise<void> {
		this.#life.abort();
		await this.worker.destroy(shuttingDown());
	}

	/** To be called when it is gone: what still hangs on its connections fails now rather than at a deadline. */
	bury(reason: string): void {
		this.#life.abort();
		void this.worker.destroy(workerFailed('The model worker failed while it processed your request.', reason));
	}

	async #look(): Promise<void> {
		const health = await lookAt(this.worker, this.#life.signal, this.#stallMs / LOOKS_PER_STALL);
		if (health !== null && !this.isOver) this.#sees(health);
	}

	#sees(health: WorkerHealth): void {
		const hasChanged = this.#isDoubted || health.state !== this.#health?.state;
		this.#health = health;
		this.#isDoubted = false;
		if (hasChanged) this.#onHealth();
	}
}
