import { shuttingDown, workerFailed } from '../errors.ts';
import type { PrefixCacheCounts, WorkerHealth, WorkerInfo } from '../protocol/worker-api.ts';
import { awaitInfo, describeError, probeWorker } from './bring-up.ts';
import type { Lease } from './lease.ts';
import type { SupervisedWorkerOptions } from './supervised-worker-options.ts';
import {
	initialSupervisorState,
	type SupervisorAction,
	type SupervisorEvent,
	type SupervisorPhase,
	type SupervisorState,
	superviseWorker,
} from './supervisor.ts';
import type { Worker } from './worker.ts';
import type { LaunchedWorker } from './worker-host.ts';
import type { PaceSample, WorkerPace } from './worker-pace.ts';
import { WorkerRecord } from './worker-record.ts';
import { LOOKS_PER_STALL, lookAt, watchWorker } from './worker-watch.ts';

/** At the end of a probation: a worker that is there answers one token within so many stall limits, or is launched anew. */
const STALLS_TO_PROBE = 6;

/** One place in the pool: acts out the supervisor's decisions over whatever worker lives there at the moment. */
export class SupervisedWorker {
	readonly id: string;
	readonly leases = new Set<Lease>();
	readonly #options: SupervisedWorkerOptions;
	#state: SupervisorState = initialSupervisorState;
	#timer: NodeJS.Timeout | undefined;
	#launched: LaunchedWorker | null = null;
	/** Aborted when the launch is over: ends its load, probe and watch. */
	#life = new AbortController();
	#launchedAtMs = 0;
	#info: WorkerInfo | null = null;
	#health: WorkerHealth | null = null;
	#isDoubted = false;
	/** An operator wants no more work for it; outlives restarts. */
	#isDrained = false;
	/** It died or was ejected since it was ready last. */
	#hasFailed = false;
	readonly #record = new WorkerRecord();
	/** The launch whose watch runs. */
	#watched: LaunchedWorker | null = null;
	#isRetiring = false;
	#trouble: string | null = null;
	#ended: Promise<unknown> = Promise.resolve();

	constructor(options: SupervisedWorkerOptions) {
		this.id = options.host.id;
		this.#options = options;
	}

	get phase(): SupervisorPhase {
		return this.#state.phase;
	}

	/** Differs for each launch: what one process knew, the next does not. */
	get launchKey(): string {
		return `${this.id}#${this.#state.launches}`;
	}

	get launches(): number {
		return this.#state.launches;
	}

	get restarts(): number {
		return Math.max(0, this.#state.launches - 1);
	}

	get isDrained(): boolean {
		return this.#isDrained;
	}

	/** Whether an operator has asked for its restart, and it is not back yet. */
	get isRestarting(): boolean {
		return this.#state.isRestarting;
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

	/** Whether a process or connection of this launch is there, in whatever state. */
	get isLaunched(): boolean {
		return this.#launched !== null;
	}

	get pid(): number | null {
		return this.#launched?.pid ?? null;
	}

	/** Why it does not serve: its last death or refusal in words; null once it is ready again. */
	get trouble(): string | null {
		return this.#trouble;
	}

	/** Takes no new work, for good. */
	get isRetiring(): boolean {
		return this.#isRetiring;
	}

	/** Of the last load; outlives the process. */
	get info(): WorkerInfo | null {
		return this.#info;
	}

	get rssBytes(): number {
		return this.#health?.rssBytes ?? 0;
	}

	get prefixCache(): PrefixCacheCounts | null {
		return this.#health?.prefixCache ?? null;
	}

	get slots(): number {
		return this.#info?.slots ?? 0;
	}

	/** Slots that may be used now: all of them, or fewer while it earns trust. */
	get openSlots(): number {
		return Math.min(this.slots, this.#record.trusted);
	}

	/** The worker itself, while it may be given work. */
	get worker(): Worker | null {
		const mayWork =
			this.phase === 'ready' &&
			!this.#isDoubted &&
			!this.#isDrained &&
			!this.#isRetiring &&
			this.#health?.state !== 'draining';
		return mayWork ? (this.#launched?.worker ?? null) : null;
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
		this.#push({ type: 'restart', graceMs: this.#options.drainMs });
		this.released();
	}

	/** Ends it and leaves it at rest, until the next start. */
	unload(): void {
		this.#push({ type: 'unload' });
	}

	/** What a lease saw of this launch. */
	observe(launchKey: string, news: { type: 'first-token' } | { type: 'end'; sample: PaceSample }): void {
		if (launchKey !== this.launchKey) return;
		if (news.type === 'end') this.#record.ended(news.sample);
		else if (this.#record.firstToken()) this.#options.onChange(this);
	}

	/** A lease has gone. */
	released(): void {
		if (this.phase === 'draining' && this.leases.size === 0) this.#push({ type: 'drained' });
	}

	/**
	 * To be called when this launch broke a generation: no work for it until it answers again. A broken stream is often
	 * the first sign of a death, milliseconds before the process is known to be gone.
	 */
	doubt(launchKey: string): void {
		if (this.phase !== 'ready' || this.#launched === null || launchKey !== this.launchKey) return;
		if (this.#record.broke() && this.#options.canSpare(this)) {
			this.#hasFailed = true;
			this.#options.log.warn({ workerId: this.id }, 'worker breaks too many generations: on probation');
			this.#push({ type: 'ejected' });
			return;
		}
		if (this.#isDoubted) return;
		this.#isDoubted = true;
		void this.#look(this.#launched, this.#life.signal);
	}

	start(): void {
		this.#push({ type: 'start' });
	}

	/** To be called when its place is given up: what runs goes on, nothing new comes. */
	retire(): void {
		this.#isRetiring = true;
		this.#options.onChange(this);
	}

	/** Ends the worker, by force after a while, and leaves it ended. Settles once it is gone. */
	async stop(): Promise<void> {
		this.#push({ type: 'stop' });
		await this.#ended;
	}

	/** The same at once: running generations fail with `error`. */
	async destroy(error: Error): Promise<void> {
		const launched = this.#launched;
		const stopped = this.stop();
		if (launched?.livesOn !== true) launched?.kill();
		await Promise.all([stopped, launched?.worker.destroy(error)]);
	}

	#push(event: SupervisorEvent): void {
		const before = this.#state.phase;
		const { loadMs, stallMs } = this.#options;
		const limits = { loadMs, probeMs: STALLS_TO_PROBE * stallMs };
		const step = superviseWorker(this.#state, { ...event, nowMs: performance.now() }, limits);
		this.#state = step.state;
		for (const action of step.actions) this.#act(action);
		if (this.#state.phase !== before) this.#options.onChange(this);
	}

	#act(action: SupervisorAction): void {
		switch (action.type) {
			case 'launch':
				this.#launch();
				return;
			case 'probe':
				if (this.#launched !== null) void this.#probe(this.#launched, this.#life.signal);
				return;
			case 'kill':
				if (!this.#state.isRefused)
					this.#options.log.warn({ workerId: this.id, pid: this.pid, reason: action.reason }, 'killing worker');
				this.#launched?.kill();
				return;
			case 'end':
				this.#life.abort();
				if (this.phase === 'stopped' && this.#launched?.livesOn === true) {
					this.#leave(this.#launched);
					return;
				}
				this.#ended = Promise.all([
					this.#launched?.end(),
					// What still runs on it goes on elsewhere, and this end is not the fault of the request.
					this.#launched?.worker.destroy(shuttingDown()),
				]);
				return;
			case 'set-timer':
				clearTimeout(this.#timer);
				this.#timer = setTimeout(() => this.#push({ type: 'deadline' }), action.ms);
				return;
			case 'clear-timer':
				clearTimeout(this.#timer);
				return;
		}
	}

	/** Lets go of it, and does not end it. */
	#leave(launched: LaunchedWorker): void {
		this.#launched = null;
		this.#options.log.info({ workerId: this.id, pid: launched.pid }, 'worker lives on');
		this.#ended = launched.worker.destroy(shuttingDown());
	}

	#launch(): void {
		const launched = this.#tryLaunch();
		if (launched === null) return;
		this.#launched = launched;
		this.#life = new AbortController();
		this.#isDoubted = false;
		this.#launchedAtMs = performance.now();
		this.#options.log.info({ workerId: this.id, pid: launched.pid, launch: this.#state.launches }, 'worker launched');
		void launched.exited.then((reason) => this.#bury(launched, reason));
		void this.#load(launched, this.#life.signal);
	}

	/** No process, no folder for the socket: that is a death like any other, and must not end a timer's callback. */
	#tryLaunch(): LaunchedWorker | null {
		try {
			return this.#options.host.launch();
		} catch (error) {
			queueMicrotask(() => this.#died(`could not be launched: ${describeError(error)}`));
			return null;
		}
	}

	#bury(launched: LaunchedWorker, reason: string): void {
		if (this.#launched !== launched) return;
		this.#launched = null;
		this.#health = null;
		this.#life.abort();
		// What still hangs on its connections fails now rather than at a deadline.
		void launched.worker.destroy(workerFailed('The model worker failed while it processed your request.', reason));
		this.#died(reason);
	}

	#died(reason: string): void {
		if (this.phase === 'stopped') return;
		if (this.phase === 'ending' && this.#state.afterwards !== null) {
			this.#options.log.info({ workerId: this.id, reason, afterwards: this.#state.afterwards }, 'worker ended');
			this.#push({ type: 'died', nowMs: performance.now(), random: Math.random() });
			return;
		}
		const { isRefused } = this.#state;
		if (!isRefused) {
			this.#hasFailed = true;
			this.#trouble = reason;
			this.#options.onDeath(reason);
		}
		this.#push({ type: 'died', nowMs: performance.now(), random: Math.random() });
		if (isRefused) return;
		const fields = { workerId: this.id, reason, deaths: this.#state.deathsAtMs.length, next: this.phase };
		if (this.phase === 'circuit-open') this.#options.log.error(fields, 'worker died too often: waiting longer');
		else this.#options.log.warn(fields, 'worker died');
	}

	async #load(launched: LaunchedWorker, life: AbortSignal): Promise<void> {
		const broughtUp = await awaitInfo(launched.worker, life);
		if (broughtUp === null || life.aborted) return;
		if (broughtUp.type === 'failed') return this.#push(broughtUp);
		const reason = broughtUp.type === 'refused' ? broughtUp.reason : this.#options.vet(broughtUp.info);
		if (reason !== null) {
			this.#trouble = reason;
			this.#options.log.error({ workerId: this.id, reason }, 'worker refused');
			this.#options.onRefused(reason);
			return this.#push({ type: 'refused', reason });
		}
		if (broughtUp.type === 'loaded') this.#info = broughtUp.info;
		this.#push({ type: 'loaded' });
	}

	async #probe(launched: LaunchedWorker, life: AbortSignal): Promise<void> {
		const failure = await probeWorker(launched.worker, `probe-${this.launchKey}`, this.#options.loadMs, life);
		if (life.aborted) return;
		if (failure !== null) {
			this.#push({ type: 'failed', reason: failure });
			return;
		}
		const loadMs = performance.now() - this.#launchedAtMs;
		this.#options.log.info({ workerId: this.id, loadMs: Math.round(loadMs), slots: this.slots }, 'worker ready');
		this.#record.becameReady(this.#hasFailed);
		this.#hasFailed = false;
		this.#trouble = null;
		this.#push({ type: 'probed' });
		this.#options.onReady(loadMs);
		if (this.#watched === launched) return; // back from probation
		this.#watched = launched;
		void this.#watch(launched, life);
	}

	async #watch(launched: LaunchedWorker, life: AbortSignal): Promise<void> {
		const { worker } = launched;
		const failure = await watchWorker(
			{
				worker,
				stallMs: this.#options.stallMs,
				pulling: () => [...this.leases].filter((lease) => lease.isPulling).length,
				// A probe takes a slot's cache: with one slot that would be the conversation's.
				mayProbe: () => this.phase === 'ready' && this.slots > 1 && this.leases.size === 0,
				probe: () => probeWorker(worker, `probe-${this.launchKey}`, STALLS_TO_PROBE * this.#options.stallMs, life),
				onHealth: (health) => this.#sees(health),
			},
			life,
		);
		if (failure !== null) this.#push({ type: 'failed', reason: failure });
	}

	/** Asks at once, out of turn. */
	async #look({ worker }: LaunchedWorker, life: AbortSignal): Promise<void> {
		const health = await lookAt(worker, life, this.#options.stallMs / LOOKS_PER_STALL);
		if (health !== null && !life.aborted) this.#sees(health);
	}

	#sees(health: WorkerHealth): void {
		const hasChanged = this.#isDoubted || health.state !== this.#health?.state;
		this.#health = health;
		this.#isDoubted = false;
		if (hasChanged) this.#options.onChange(this);
	}
}
