import { setTimeout as delay } from 'node:timers/promises';
import { workerFailed } from '../errors.ts';
import type { WorkerHealth, WorkerInfo } from '../protocol/worker-api.ts';
import { awaitInfo, describeError, probeWorker } from './bring-up.ts';
import type { Lease } from './lease.ts';
import { LinkedAbort } from './linked-abort.ts';
import type { PoolLog } from './pool-log.ts';
import { initialStallState, watchStall } from './stall-watch.ts';
import {
	initialSupervisorState,
	type SupervisorAction,
	type SupervisorEvent,
	type SupervisorPhase,
	type SupervisorState,
	superviseWorker,
} from './supervisor.ts';
import type { Worker } from './worker.ts';
import type { LaunchedWorker, WorkerHost } from './worker-host.ts';

/** Looks at a worker's progress in one stall limit. */
const LOOKS_PER_STALL = 10;

export type SupervisedWorkerOptions = {
	host: WorkerHost;
	loadMs: number;
	stallMs: number;
	log: PoolLog;
	/** Called after every change of phase. */
	onChange: (worker: SupervisedWorker) => void;
	onReady: (loadMs: number) => void;
	onDeath: (reason: string) => void;
};

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

	get restarts(): number {
		return Math.max(0, this.#state.launches - 1);
	}

	get pid(): number | null {
		return this.#launched?.pid ?? null;
	}

	/** Of the last load; outlives the process. */
	get info(): WorkerInfo | null {
		return this.#info;
	}

	get rssBytes(): number {
		return this.#health?.rssBytes ?? 0;
	}

	get slots(): number {
		return this.#info?.slots ?? 0;
	}

	/** The worker itself, while it may be given work. */
	get worker(): Worker | null {
		return this.phase === 'ready' && !this.#isDoubted ? (this.#launched?.worker ?? null) : null;
	}

	/**
	 * To be called when this launch broke a generation: no work for it until it answers again. A broken stream is often
	 * the first sign of a death, milliseconds before the process is known to be gone.
	 */
	doubt(launchKey: string): void {
		if (this.phase !== 'ready' || this.#isDoubted || this.#launched === null || launchKey !== this.launchKey) return;
		this.#isDoubted = true;
		void this.#look(this.#launched, this.#life.signal, this.#options.stallMs / LOOKS_PER_STALL);
	}

	start(): void {
		this.#push({ type: 'start' });
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
		launched?.kill();
		await Promise.all([stopped, launched?.worker.destroy(error)]);
	}

	#push(event: SupervisorEvent): void {
		const before = this.#state.phase;
		const step = superviseWorker(this.#state, { ...event, nowMs: performance.now() }, { loadMs: this.#options.loadMs });
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
				this.#options.log.warn({ workerId: this.id, pid: this.pid, reason: action.reason }, 'killing worker');
				this.#launched?.kill();
				return;
			case 'end':
				this.#life.abort();
				this.#ended = Promise.all([
					this.#launched?.end(),
					this.#launched?.worker.destroy(workerFailed('The worker was ended.')),
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
		this.#options.onDeath(reason);
		this.#push({ type: 'died', nowMs: performance.now(), random: Math.random() });
		const fields = { workerId: this.id, reason, deaths: this.#state.deathsAtMs.length, next: this.phase };
		if (this.phase === 'circuit-open') this.#options.log.error(fields, 'worker died too often: waiting longer');
		else this.#options.log.warn(fields, 'worker died');
	}

	async #load(launched: LaunchedWorker, life: AbortSignal): Promise<void> {
		const info = await awaitInfo(launched.worker, life);
		if (info === null || life.aborted) return;
		if (typeof info === 'string') {
			this.#push({ type: 'failed', reason: info });
			return;
		}
		this.#info = info;
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
		this.#push({ type: 'probed' });
		this.#options.onReady(loadMs);
		void this.#watch(launched, life);
	}

	async #watch(launched: LaunchedWorker, life: AbortSignal): Promise<void> {
		const limits = { intervalMs: this.#options.stallMs / LOOKS_PER_STALL, stallMs: this.#options.stallMs };
		let state = initialStallState;
		let lastMs = performance.now();
		while (!life.aborted) {
			await delay(limits.intervalMs, undefined, { signal: life }).catch(() => {});
			const health = await this.#look(launched, life, limits.intervalMs);
			if (life.aborted) return;
			if (health?.state === 'failed') {
				this.#push({ type: 'failed', reason: 'says that it failed' });
				return;
			}
			const nowMs = performance.now();
			const pulling = [...this.leases].filter((lease) => lease.isPulling).length;
			const look = watchStall(state, { elapsedMs: nowMs - lastMs, pulling, health }, limits);
			state = look.state;
			lastMs = nowMs;
			if (look.stalled !== null) return this.#push({ type: 'failed', reason: look.stalled });
		}
	}

	async #look(launched: LaunchedWorker, life: AbortSignal, patienceMs: number): Promise<WorkerHealth | null> {
		const abort = new LinkedAbort(life);
		abort.arm(patienceMs, () => workerFailed('The model worker did not answer in time.'));
		try {
			const health = await launched.worker.health(abort.signal);
			if (life.aborted) return null;
			this.#health = health;
			if (this.#isDoubted) {
				this.#isDoubted = false;
				this.#options.onChange(this);
			}
			return health;
		} catch {
			return null;
		} finally {
			abort.unlink();
		}
	}
}
