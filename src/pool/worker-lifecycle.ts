import type { WorkerInfo } from '../protocol/worker-api.ts';
import { describeError } from './bring-up.ts';
import type { Lease } from './lease.ts';
import type { SupervisedWorkerOptions } from './supervised-worker-options.ts';
import { superviseWorker } from './supervisor.ts';
import {
	initialSupervisorState,
	type SupervisorAction,
	type SupervisorEvent,
	type SupervisorPhase,
	type SupervisorState,
} from './supervisor-state.ts';
import type { LaunchedWorker } from './worker-host.ts';
import { STALLS_TO_PROBE, WorkerLaunch } from './worker-launch.ts';

type LifecycleOptions = Pick<
	SupervisedWorkerOptions,
	'host' | 'loadMs' | 'stallMs' | 'log' | 'isWanted' | 'vet' | 'onRefused' | 'onReady' | 'onDeath'
> & {
	leases: ReadonlySet<Lease>;
	onPhase: (phase: SupervisorPhase) => void;
	onHealth: () => void;
};

/** Acts out the supervisor's decisions for one place in the pool: one launch after another, each brought up and buried. */
export class WorkerLifecycle {
	readonly #options: LifecycleOptions;
	#state: SupervisorState = initialSupervisorState;
	#timer: NodeJS.Timeout | undefined;
	#launch: WorkerLaunch | null = null;
	#info: WorkerInfo | null = null;
	#trouble: string | null = null;
	#ended: Promise<unknown> = Promise.resolve();

	constructor(options: LifecycleOptions) {
		this.#options = options;
	}

	get phase(): SupervisorPhase {
		return this.#state.phase;
	}

	get launches(): number {
		return this.#state.launches;
	}

	get restarts(): number {
		return Math.max(0, this.#state.launches - 1);
	}

	/** Whether an operator has asked for its restart, and it is not back yet. */
	get isRestarting(): boolean {
		return this.#state.isRestarting;
	}

	/** The process or connection that there is, in whatever state. */
	get launch(): WorkerLaunch | null {
		return this.#launch;
	}

	get pid(): number | null {
		return this.#launch?.pid ?? null;
	}

	/** Differs for each launch: what one process knew, the next does not. */
	get launchKey(): string {
		return `${this.#options.host.id}#${this.#state.launches}`;
	}

	/** Of the last load; outlives the process. */
	get info(): WorkerInfo | null {
		return this.#info;
	}

	get slots(): number {
		return this.#info?.slots ?? 0;
	}

	/** Why it does not serve: its last death or refusal in words; null once it is ready again. */
	get trouble(): string | null {
		return this.#trouble;
	}

	/** Settles once the last launch that was asked to end is gone. */
	get ended(): Promise<unknown> {
		return this.#ended;
	}

	push(event: SupervisorEvent): void {
		const before = this.#state.phase;
		const { loadMs, stallMs } = this.#options;
		const limits = { loadMs, probeMs: STALLS_TO_PROBE * stallMs };
		const step = superviseWorker(this.#state, { ...event, nowMs: performance.now() }, limits);
		this.#state = step.state;
		for (const action of step.actions) this.#act(action);
		if (this.#state.phase !== before) this.#options.onPhase(this.#state.phase);
	}

	#act(action: SupervisorAction): void {
		const { log, host } = this.#options;
		switch (action.type) {
			case 'launch':
				this.#start();
				return;
			case 'probe':
				if (this.#launch !== null) void this.#probe(this.#launch);
				return;
			case 'kill':
				if (!this.#state.isRefused)
					log.warn({ workerId: host.id, pid: this.pid, reason: action.reason }, 'killing worker');
				this.#launch?.kill();
				return;
			case 'end':
				this.#end();
				return;
			case 'set-timer':
				clearTimeout(this.#timer);
				this.#timer = setTimeout(() => this.push({ type: 'deadline', isWanted: this.#options.isWanted() }), action.ms);
				return;
			case 'clear-timer':
				clearTimeout(this.#timer);
				return;
		}
	}

	#start(): void {
		const { host, stallMs, log, onHealth } = this.#options;
		const launched = this.#tryLaunch();
		if (launched === null) return;
		const launch = new WorkerLaunch(launched, { key: this.launchKey, stallMs, onHealth });
		this.#launch = launch;
		log.info({ workerId: host.id, pid: launched.pid, launch: this.#state.launches }, 'worker launched');
		void launched.exited.then((reason) => this.#bury(launch, reason));
		void this.#load(launch);
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

	async #load(launch: WorkerLaunch): Promise<void> {
		const { vet, log, host, onRefused } = this.#options;
		const broughtUp = await launch.bringUp();
		if (broughtUp === null || launch.isOver) return;
		if (broughtUp.type === 'failed') return this.push(broughtUp);
		const reason = broughtUp.type === 'refused' ? broughtUp.reason : vet(broughtUp.info);
		if (reason !== null) {
			this.#trouble = reason;
			log.error({ workerId: host.id, reason }, 'worker refused');
			onRefused(reason);
			return this.push({ type: 'refused', reason });
		}
		if (broughtUp.type === 'loaded') this.#info = broughtUp.info;
		this.push({ type: 'loaded' });
	}

	async #probe(launch: WorkerLaunch): Promise<void> {
		const { loadMs, log, host, leases, onReady } = this.#options;
		const failure = await launch.probe(loadMs);
		if (launch.isOver) return;
		if (failure !== null) return this.push({ type: 'failed', reason: failure });
		const { ageMs } = launch;
		log.info({ workerId: host.id, loadMs: Math.round(ageMs), slots: this.slots }, 'worker ready');
		this.#trouble = null;
		this.push({ type: 'probed' });
		onReady(ageMs);
		const reason = await launch.watch({
			pulling: () => [...leases].filter((lease) => lease.isPulling).length,
			// A probe takes a slot's cache: with one slot that would be the conversation's.
			mayProbe: () => this.phase === 'ready' && this.slots > 1 && leases.size === 0,
		});
		if (reason !== null) this.push({ type: 'failed', reason });
	}

	#end(): void {
		const launch = this.#launch;
		if (launch === null) {
			this.#ended = Promise.resolve();
			return;
		}
		if (this.phase !== 'stopped' || !launch.livesOn) {
			this.#ended = launch.end();
			return;
		}
		this.#launch = null;
		this.#options.log.info({ workerId: this.#options.host.id, pid: launch.pid }, 'worker lives on');
		this.#ended = launch.leave();
	}

	#bury(launch: WorkerLaunch, reason: string): void {
		if (this.#launch !== launch) return;
		this.#launch = null;
		launch.bury(reason);
		this.#died(reason);
	}

	#died(reason: string): void {
		if (this.phase === 'stopped') return;
		const { log, host, onDeath } = this.#options;
		const { afterwards, isRefused } = this.#state;
		const isWanted = this.phase === 'ending' && afterwards !== null;
		const isFailure = !isWanted && !isRefused;
		if (isWanted) log.info({ workerId: host.id, reason, afterwards }, 'worker ended');
		if (isFailure) {
			this.#trouble = reason;
			onDeath(reason);
		}
		this.push({ type: 'died', nowMs: performance.now(), random: Math.random() });
		if (!isFailure) return;
		const fields = { workerId: host.id, reason, deaths: this.#state.deathsAtMs.length, next: this.phase };
		if (this.phase === 'circuit-open') log.error(fields, 'worker died too often: waiting longer');
		else log.warn(fields, 'worker died');
	}
}
