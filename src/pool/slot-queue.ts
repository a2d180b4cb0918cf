import type { RetortError } from '../errors.ts';
import { AdmissionQueue } from './admission-queue.ts';
import type { Ask } from './ask.ts';
import type { Lease } from './lease.ts';
import type { QueuePlace } from './pool-options.ts';

type Ticket = { ask: Ask; grant: (lease: Lease) => void; refuse: (error: unknown) => void };

export type SlotQueueOptions = {
	maxLength: number;
	/** Takes a lease for it, or null when no slot is free. Synchronous. */
	place: (ask: Ask) => Lease | null;
	/** The error of a request that the queue turns away. */
	busy: (why: string) => RetortError;
	/** How long the one at this position waits, about. */
	expectedWaitMs: (position: number) => number;
};

/** Requests that wait for a slot of one model: each until it is granted one, refused, late or gone. */
export class SlotQueue {
	readonly #options: SlotQueueOptions;
	readonly #queue: AdmissionQueue<Ticket>;
	/** Of those that wait, the ones that lost a worker and must not meet it again; with their keys. */
	readonly #again = new Map<Ticket, string>();

	constructor(options: SlotQueueOptions) {
		this.#options = options;
		this.#queue = new AdmissionQueue(options.maxLength);
	}

	get length(): number {
		return this.#queue.length;
	}

	/** Whether a request of this key would be turned away at once. */
	isFullFor(keyId: string | null, weight: number): boolean {
		return this.#queue.length > 0 && !this.#queue.hasRoomFor(keyId ?? '', weight);
	}

	/** Settles with its lease. Throws `busy` when the queue is full or patience over, and the signal's reason. */
	async wait(ask: Ask): Promise<Lease> {
		const { busy } = this.#options;
		const key = ask.keyId ?? '';
		let timer: NodeJS.Timeout | undefined;
		let onAbort: (() => void) | undefined;
		let again: Ticket | undefined;
		try {
			return await new Promise<Lease>((resolve, reject) => {
				const ticket: Ticket = { ask, grant: resolve, refuse: reject };
				if (ask.isRetry) {
					again = ticket;
					this.#again.set(ticket, key);
					this.#queue.enterAgain(key, ticket, ask.weight);
				} else {
					const { hasEntered, displaced } = this.#queue.enter(key, ticket, ask.weight);
					displaced?.refuse(busy('The queue is full.'));
					if (!hasEntered) {
						reject(busy('The queue is full.'));
						return;
					}
				}
				ask.onQueued?.(() => this.#placeOf(key, ticket));
				timer = setTimeout(() => {
					if (this.#queue.remove(key, ticket)) reject(busy('No slot became free in time.'));
				}, ask.patienceMs);
				onAbort = () => {
					if (this.#queue.remove(key, ticket)) reject(ask.signal.reason);
				};
				ask.signal.addEventListener('abort', onAbort, { once: true });
			});
		} finally {
			clearTimeout(timer);
			if (onAbort !== undefined) ask.signal.removeEventListener('abort', onAbort);
			if (again !== undefined) this.#again.delete(again);
		}
	}

	/** Places as many as slots are free. */
	serve(): void {
		while (this.#queue.take((ticket) => this.#grant(ticket)) !== null);
	}

	/** Turns away those that lost a worker and have none to wait for. */
	refuseRetries(refusal: (ask: Ask) => RetortError | null, reject: (error: RetortError) => RetortError): void {
		for (const [ticket, key] of this.#again) {
			const error = refusal(ticket.ask);
			if (error !== null && this.#queue.remove(key, ticket)) ticket.refuse(reject(error));
		}
	}

	/** Turns all of them away; `error` is asked for each. */
	refuseAll(error: () => RetortError): void {
		for (const ticket of this.#queue.takeAll()) ticket.refuse(error());
	}

	/** Gives the ticket its lease in the same step, so that no slot is promised twice. */
	#grant(ticket: Ticket): true | null {
		const lease = this.#options.place(ticket.ask);
		if (lease === null) return null;
		ticket.grant(lease);
		return true;
	}

	#placeOf(key: string, ticket: Ticket): QueuePlace | null {
		const ahead = this.#queue.ahead(key, ticket);
		if (ahead === null) return null;
		return { position: ahead + 1, expectedWaitMs: this.#options.expectedWaitMs(ahead + 1) };
	}
}
