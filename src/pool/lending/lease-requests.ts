import type { z } from 'zod';
import type { Ask } from '../ask.ts';
import type { QueuePlace } from '../pool-options.ts';
import { leaseGrantSchema, placeNewsSchema } from './messages.ts';
import type { Peer } from './peer.ts';

/** Asks the owner of the pool for leases, and hears where those that wait stand. */
export class LeaseRequests {
	readonly #peer: Peer;
	/** Of those that wait: where they stand, and how they learn that they do. */
	readonly #queued = new Map<number, { place: QueuePlace | null; tell: () => void }>();
	#nextLeaseId = 0;

	constructor(peer: Peer) {
		this.#peer = peer;
		peer.onNote('queued', (value) => {
			const { leaseId, place } = placeNewsSchema.parse(value);
			const queued = this.#queued.get(leaseId);
			if (queued === undefined) return;
			queued.place = place;
			queued.tell();
		});
	}

	/** Throws what the owner refuses with, and the signal's reason; a lease that is granted too late goes back. */
	async ask(model: string, ask: Ask): Promise<z.infer<typeof leaseGrantSchema> & { leaseId: number }> {
		const { signal, onQueued, avoid, placement, ...rest } = ask;
		signal.throwIfAborted();
		this.#nextLeaseId += 1;
		const leaseId = this.#nextLeaseId;
		let hasTold = false;
		const queued = {
			place: null as QueuePlace | null, // until the owner says
			tell: () => {
				if (!hasTold) onQueued?.(() => this.#queued.get(leaseId)?.place ?? null);
				hasTold = true;
			},
		};
		this.#queued.set(leaseId, queued);
		const message = { ...rest, leaseId, model, placement, avoid: [...avoid], wantsPlace: onQueued !== undefined };
		const granted = this.#peer.call('lease', message, leaseGrantSchema);
		let onAbort: (() => void) | undefined;
		try {
			const left = new Promise<never>((_resolve, reject) => {
				onAbort = () => {
					this.#peer.note('withdraw', leaseId);
					// Granted while it was withdrawn.
					granted.then(
						() => this.#peer.note('release', leaseId),
						() => {},
					);
					reject(signal.reason);
				};
				signal.addEventListener('abort', onAbort, { once: true });
			});
			return { leaseId, ...(await Promise.race([granted, left])) };
		} finally {
			this.#queued.delete(leaseId);
			if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
		}
	}
}
