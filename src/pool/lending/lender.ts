import { z } from 'zod';
import { shuttingDown } from '../../errors.ts';
import { toWireError } from '../../protocol/wire-error.ts';
import type { Lease } from '../lease.ts';
import type { WorkerPool } from '../worker-pool.ts';
import {
	announcementSchema,
	leaseAskSchema,
	leaseDoubtSchema,
	leaseIdSchema,
	leaseNewsSchema,
	operateSchema,
	pullingSchema,
} from './messages.ts';
import type { Peer } from './peer.ts';

/** How often who waits is told its place. */
const PLACE_MS = 1000;

/**
 * Lends the slots of a pool to one gateway process, which runs its generations on the workers itself. All that is decided
 * (placement, queue, turns of keys, what a worker may run at once) is decided here, for all gateways together.
 */
export class Lender {
	readonly #pool: WorkerPool;
	readonly #peer: Peer;
	readonly #leases = new Map<number, Lease>();
	readonly #asks = new Map<number, AbortController>();
	readonly #life = new AbortController();

	constructor(pool: WorkerPool, peer: Peer) {
		this.#pool = pool;
		this.#peer = peer;
		peer.onCall('lease', (value) => this.#lend(value));
		peer.onCall('any-worker', (value) => pool.anyConnection(z.string().parse(value)));
		// For whoever asks next, too: it is not undone when this client leaves.
		peer.onCall('awaken', (value) => pool.awaken(z.string().parse(value), this.#life.signal));
		peer.onCall('status', () => pool.status());
		peer.onCall('operate', (value) => {
			const { verb, workerId } = operateSchema.parse(value);
			return pool.operate(verb, workerId);
		});
		peer.onCall('announced', (value) => pool.announced(announcementSchema.parse(value)));
		peer.onNote('withdraw', (value) => this.#asks.get(leaseIdSchema.parse(value))?.abort(shuttingDown()));
		peer.onNote('release', (value) => this.#release(leaseIdSchema.parse(value)));
		peer.onNote('doubt', (value) => {
			const { leaseId, code } = leaseDoubtSchema.parse(value);
			this.#leases.get(leaseId)?.doubt(code);
		});
		peer.onNote('news', (value) => {
			const { leaseId, news, pendingPromptTokens } = leaseNewsSchema.parse(value);
			this.#leases.get(leaseId)?.learn(news, pendingPromptTokens);
		});
		peer.onNote('pulling', (value) => {
			for (const { leaseId, isPulling } of pullingSchema.parse(value)) {
				const lease = this.#leases.get(leaseId);
				if (lease !== undefined) lease.isPulling = isPulling;
			}
		});
		peer.onNote('subscribe', () => this.tell());
	}

	get leaseCount(): number {
		return this.#leases.size;
	}

	/** To be called whenever a worker's state has changed. */
	tell(): void {
		this.#peer.note('pool', { models: this.#pool.models(), launches: this.#pool.launches() });
	}

	/** The gateway is gone: what it held is free, what it waited for is not wanted any more. */
	close(): void {
		this.#life.abort(shuttingDown());
		for (const ask of this.#asks.values()) ask.abort(shuttingDown());
		for (const leaseId of [...this.#leases.keys()]) this.#release(leaseId);
	}

	async #lend(value: unknown) {
		const { leaseId, model, avoid, wantsPlace, ...ask } = leaseAskSchema.parse(value);
		const abort = new AbortController();
		let timer: NodeJS.Timeout | undefined;
		this.#asks.set(leaseId, abort);
		try {
			const lease = await this.#pool.lease(model, {
				...ask,
				avoid: new Set(avoid),
				signal: abort.signal,
				onQueued: (place) => {
					const tell = () => this.#peer.note('queued', { leaseId, place: place() });
					tell();
					if (wantsPlace) timer = setInterval(tell, PLACE_MS);
				},
			});
			this.#leases.set(leaseId, lease);
			// Withdrawn, or its gateway gone, in the very turn in which it was granted.
			if (abort.signal.aborted || this.#life.signal.aborted) {
				this.#release(leaseId);
				throw shuttingDown();
			}
			lease.isPulling = true;
			lease.signal.addEventListener('abort', () => {
				if (!abort.signal.aborted) this.#peer.note('abort', { leaseId, error: toWireError(lease.signal.reason) });
			});
			const { workerId, launchKey, knownShare } = lease;
			return { workerId, launchKey, knownShare, connection: lease.worker.connection };
		} finally {
			clearInterval(timer);
			this.#asks.delete(leaseId);
		}
	}

	#release(leaseId: number): void {
		const lease = this.#leases.get(leaseId);
		this.#leases.delete(leaseId);
		lease?.release();
	}
}
