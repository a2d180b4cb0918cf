import type { Lease } from './lease.ts';
import type { SupervisedWorkerOptions } from './supervised-worker-options.ts';
import type { Worker } from './worker.ts';
import { WorkerLifecycle } from './worker-lifecycle.ts';
import type { PaceSample, WorkerPace } from './worker-pace.ts';
import { WorkerRecord } from './worker-record.ts';

/** One place in the pool: whose requests run there, how far its worker is trusted, and what the operator wishes. */
export class SupervisedWorker {
	readonly id: string;
	readonly leases = new Set<Lease>();
	/** What lives there at the moment, and how it is launched, proved and buried. */
	readonly lifecycle: WorkerLifecycle;
	readonly #options: SupervisedWorkerOptions;
	readonly #record = new WorkerRecord();
	/** An operator wants no more work for it; outlives restarts. */
	#isDrained = false;
	/** It died or was ejected since it was ready last. */
	#hasFailed = false;
	#isRetiring = false;

	constructor(options: SupervisedWorkerOptions) {
		this.id = options.host.id;
		this.#options = options;
		this.lifecycle = new WorkerLifecycle({
			...options,
			leases: this.leases,
			onPhase: (phase) => {
				if (phase === 'ready') this.#becameReady();
				options.onChange(this);
			},
			onHealth: () => options.onChange(this),
			onDeath: (reason) => {
				this.#hasFailed = true;
				options.onDeath(reason);
			},
		});
	}

	/** The worker itself, while it may be given work. */
	get worker(): Worker | null {
		const { phase, launch } = this.lifecycle;
		const mayWork = phase === 'ready' && !this.#isDrained && !this.#isRetiring && launch?.takesWork === true;
		return mayWork ? launch.worker : null;
	}

	/** Slots that may be used now: all of them, or fewer while it earns trust. */
	get openSlots(): number {
		return Math.min(this.lifecycle.slots, this.#record.trusted);
	}

	/** Prompt tokens that it was given and has not evaluated yet, about. */
	get pendingPromptTokens(): number {
		let tokens = 0;
		for (const lease of this.leases) tokens += lease.pendingPromptTokens;
		return tokens;
	}

	get pace(): WorkerPace {
		return this.#record.pace;
	}

	get isDrained(): boolean {
		return this.#isDrained;
	}

	/** Takes no new work, for good. */
	get isRetiring(): boolean {
		return this.#isRetiring;
	}

	start(): void {
		this.lifecycle.push({ type: 'start' });
	}

	/** Ends it and leaves it at rest, until the next start. */
	unload(): void {
		this.lifecycle.push({ type: 'unload' });
	}

	/** No new work; what runs goes on. */
	drain(): void {
		this.#isDrained = true;
		this.#options.log.info({ workerId: this.id, busySlots: this.leases.size }, 'worker drained');
		this.#options.onChange(this);
	}

	undrain(): void {
		this.#isDrained = false;
		this.#options.log.info({ workerId: this.id }, 'worker undrained');
		this.#options.onChange(this);
	}

	/** Ends it once what runs is done, or at the end of the grace, and launches it anew. Whatever runs then goes on elsewhere. */
	restart(): void {
		this.#options.log.info({ workerId: this.id, busySlots: this.leases.size }, 'worker restarts');
		this.lifecycle.push({ type: 'restart', graceMs: this.#options.drainMs });
		this.released();
	}

	/** To be called when its place is given up: what runs goes on, nothing new comes. */
	retire(): void {
		this.#isRetiring = true;
		this.#options.onChange(this);
	}

	/** Ends the worker, by force after a while, and leaves it ended. Settles once it is gone. */
	async stop(): Promise<void> {
		this.lifecycle.push({ type: 'stop' });
		await this.lifecycle.ended;
	}

	/** The same at once: running generations fail with `error`. */
	async destroy(error: Error): Promise<void> {
		const { launch } = this.lifecycle;
		const stopped = this.stop();
		if (launch?.livesOn !== true) launch?.kill();
		await Promise.all([stopped, launch?.worker.destroy(error)]);
	}

	/** What a lease saw of this launch. */
	observe(launchKey: string, news: { type: 'first-token' } | { type: 'end'; sample: PaceSample }): void {
		if (launchKey !== this.lifecycle.launchKey) return;
		if (news.type === 'end') this.#record.ended(news.sample);
		else if (this.#record.firstToken()) this.#options.onChange(this);
	}

	/** A lease has gone. */
	released(): void {
		if (this.lifecycle.phase === 'draining' && this.leases.size === 0) this.lifecycle.push({ type: 'drained' });
	}

	/**
	 * To be called when this launch failed a generation. One that broke it, or is about to end, gets no work until it
	 * answers again: a broken stream is often the first sign of a death, milliseconds before the process is known to be gone.
	 */
	doubt(launchKey: string, code: string | null): void {
		const { phase, launch } = this.lifecycle;
		if (phase !== 'ready' || launch === null || launchKey !== this.lifecycle.launchKey) return;
		if (code !== 'worker_crashed' && code !== 'shutting_down') return;
		if (code === 'worker_crashed' && this.#record.broke() && this.#options.canSpare(this)) {
			this.#hasFailed = true;
			this.#options.log.warn({ workerId: this.id }, 'worker breaks too many generations: on probation');
			this.lifecycle.push({ type: 'ejected' });
			return;
		}
		launch.doubt();
	}

	/** Before anybody hears of it: work comes in the same step. */
	#becameReady(): void {
		this.#record.becameReady(this.#hasFailed);
		this.#hasFailed = false;
	}
}
