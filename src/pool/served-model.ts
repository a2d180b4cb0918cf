import { modelLoading, overloaded, type RetortError } from '../errors.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';
import { AffinityTable } from './affinity-table.ts';
import type { Ask } from './ask.ts';
import { chooseMember } from './choose-member.ts';
import { Lease } from './lease.ts';
import type { PoolObserver } from './pool-observer.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { SlotQueue } from './slot-queue.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import { isExpected } from './supervisor.ts';

const AFFINITY_ENTRIES = 16_384;
/** Weight of the newest request in the mean time that a slot is held. */
const SERVICE_WEIGHT = 0.1;

/** One model: its workers, the requests that wait for them, and the memory of which worker knows which conversation. */
export class ServedModel {
	readonly name: string;
	readonly aliases: readonly string[];
	readonly members: SupervisedWorker[] = [];
	readonly #observer: PoolObserver;
	readonly #queue: SlotQueue;
	readonly #affinity = new AffinityTable(AFFINITY_ENTRIES);
	readonly #onRelease: () => void;
	/** It was loaded for a request, not at the start. */
	isOnDemand = false;
	/** Requests that are about to ask for a slot. */
	holds = 0;
	lastUsedMs = performance.now();
	#meanServiceMs = 1000;
	#closed: RetortError | null = null;

	constructor(options: {
		name: string;
		aliases: readonly string[];
		maxQueueLength: number;
		observer: PoolObserver;
		onRelease: () => void;
	}) {
		this.name = options.name;
		this.aliases = options.aliases;
		this.#observer = options.observer;
		this.#queue = new SlotQueue({
			maxLength: options.maxQueueLength,
			place: (ask) => this.#place(ask),
			busy: (why) => this.#reject(this.#busy(why)),
			expectedWaitMs: (position) => (position * this.#meanServiceMs) / Math.max(1, this.#slots()),
		});
		this.#onRelease = options.onRelease;
	}

	get queueLength(): number {
		return this.#queue.length;
	}

	/** Not in memory, and not on its way to it. */
	get isResting(): boolean {
		return this.members.length > 0 && this.members.every((member) => member.lifecycle.phase === 'idle');
	}

	get isBusy(): boolean {
		return this.holds > 0 || this.queueLength > 0 || this.members.some((member) => member.leases.size > 0);
	}

	/** No worker of it is on its way. */
	get hasGivenUp(): boolean {
		return !this.members.some((member) => isExpected(member.lifecycle.phase));
	}

	load(): void {
		this.isOnDemand = true;
		this.lastUsedMs = performance.now();
		for (const member of this.members) member.start();
	}

	unload(): void {
		this.isOnDemand = true;
		for (const member of this.members) member.unload();
	}

	get state(): 'loading' | 'ready' | 'resting' | 'unavailable' {
		if (this.isResting) return 'resting';
		if (this.members.some((member) => member.lifecycle.phase === 'ready' && !member.isDrained)) return 'ready';
		const isFirstLoad = this.members.some(
			(member) => member.lifecycle.restarts === 0 && ['idle', 'loading', 'probing'].includes(member.lifecycle.phase),
		);
		return isFirstLoad ? 'loading' : 'unavailable';
	}

	get info(): WorkerInfo | null {
		const ready = this.members.find((member) => member.lifecycle.phase === 'ready' && member.lifecycle.info !== null);
		return (ready ?? this.members.find((member) => member.lifecycle.info !== null))?.lifecycle.info ?? null;
	}

	leases(): Lease[] {
		return this.members.flatMap((member) => [...member.leases]);
	}

	/**
	 * A slot for this request. Waits in the queue when none is free; throws `overloaded` when the queue is full or the wait
	 * too long, `model_loading` or `overloaded` at once when no worker is ready, and the signal's reason when the client leaves.
	 * Whoever gets the lease releases it.
	 */
	async acquire(ask: Ask): Promise<Lease> {
		ask.signal.throwIfAborted();
		const refusal = this.#closed ?? (ask.isRetry ? this.#refusalOfRetry(ask) : this.refusal());
		if (refusal !== null) throw this.#reject(refusal);
		const free = this.#queue.length === 0 ? this.#place(ask) : null;
		if (free !== null) {
			this.#observer.queueWaited?.({ model: this.name, waitMs: 0 });
			return free;
		}
		const startedMs = performance.now();
		const lease = await this.#queue.wait(ask);
		this.#observer.queueWaited?.({ model: this.name, waitMs: performance.now() - startedMs });
		return lease;
	}

	/** Why a new request cannot be taken now, or null. */
	refusal(): RetortError | null {
		if (this.#closed !== null) return this.#closed;
		const { state } = this;
		// One that an operator restarts comes back: its requests wait for it.
		if (this.members.some((member) => member.lifecycle.isRestarting && !member.isDrained)) return null;
		if (state === 'loading') return modelLoading(this.name);
		if (state === 'unavailable') return overloaded('No model worker is available. Please try again shortly.', 2);
		return null;
	}

	/** Why a request of this key would be turned away by a full queue, whatever it holds; null where it would not. */
	refusalOfFull(keyId: string | null, weight: number): RetortError | null {
		return this.#queue.isFullFor(keyId, weight) ? this.#busy('The queue is full.') : null;
	}

	/** To be called whenever a slot may have become free or a worker's phase has changed. */
	dispatch(): void {
		this.#partWithRetired();
		this.#queue.serve();
		this.#queue.refuseRetries(
			(ask) => this.#refusalOfRetry(ask),
			(error) => this.#reject(error),
		);
		if (this.hasGivenUp) this.#queue.refuseAll(() => this.#reject(this.#noWorker()));
	}

	/** Turns away what waits and whatever comes. */
	close(error: RetortError): void {
		this.#closed = error;
		this.#queue.refuseAll(() => this.#reject(error));
	}

	/** Another gateway has placed a prompt with these prefixes there. */
	hint(workerId: string, prefixes: readonly string[]): void {
		const member = this.members.find(({ id, lifecycle }) => id === workerId && lifecycle.pid === null);
		if (member === undefined) return;
		this.#affinity.remember(
			prefixes.map((key) => ({ key, share: 0 })),
			member.lifecycle.launchKey,
		);
	}

	/** Workers whose place was given up leave with their last request. */
	#partWithRetired(): void {
		for (const [index, member] of [...this.members.entries()].reverse()) {
			if (!member.isRetiring || member.leases.size > 0) continue;
			this.members.splice(index, 1);
			void member.stop();
		}
	}

	/** Of the workers that are up. */
	#slots(): number {
		return this.members.reduce((sum, member) => sum + (member.worker === null ? 0 : member.lifecycle.slots), 0);
	}

	#place(ask: Ask): Lease | null {
		const chosen = chooseMember(this.members, ask, this.#affinity, [Math.random(), Math.random()]);
		if (chosen === null) return null;
		const { placement, signal } = ask;
		const { member } = chosen;
		this.#affinity.remember(placement.prefixes, member.lifecycle.launchKey);
		// A process of ours is nobody else's.
		if (member.lifecycle.pid === null && this.#observer.placed !== undefined) {
			const prefixes = placement.prefixes.map(({ key }) => key);
			this.#observer.placed({ model: this.name, workerId: member.id, prefixes });
		}
		return new Lease({ ...chosen, placement, signal, onRelease: (heldMs) => this.#released(heldMs) });
	}

	#released(heldMs: number): void {
		this.lastUsedMs = performance.now();
		this.#meanServiceMs += SERVICE_WEIGHT * (heldMs - this.#meanServiceMs);
		this.dispatch();
		this.#onRelease();
	}

	/**
	 * A request that was admitted waits for a worker that is on its way; a new one goes elsewhere at once. A worker that it
	 * lost and that serves on (a cut connection, not a death) is none to wait for.
	 */
	#refusalOfRetry(ask: Ask): RetortError | null {
		const canServe = (member: SupervisedWorker) =>
			isExpected(member.lifecycle.phase) && (member.worker === null || !ask.avoid.has(member.lifecycle.launchKey));
		return this.members.some(canServe) ? null : this.#noWorker();
	}

	#noWorker(): RetortError {
		return overloaded('No model worker is available. Please try again shortly.', 10);
	}

	#busy(why: string): RetortError {
		const seconds = retryAfterSeconds(this.#queue.length, this.#slots(), this.#meanServiceMs);
		return overloaded(`${why} Please try again shortly.`, seconds);
	}

	#reject(error: RetortError): RetortError {
		this.#observer.rejected?.({ model: this.name, code: error.code });
		return error;
	}
}
