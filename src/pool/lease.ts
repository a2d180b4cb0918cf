import { LinkedAbort } from './linked-abort.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { Worker } from './worker.ts';

/**
 * The right to one slot of one launch of a worker. Taken in the step that decides for it and given back in the `finally`
 * of the generator that streams, and nowhere else.
 */
export class Lease {
	readonly requestId: string;
	readonly worker: Worker;
	readonly workerId: string;
	readonly launchKey: string;
	/** Whether somebody waits for the worker's next event. False while the reader takes its time. */
	isPulling = false;
	readonly #member: SupervisedWorker;
	readonly #abort: LinkedAbort;
	readonly #takenAtMs = performance.now();
	readonly #onRelease: (heldMs: number) => void;

	constructor(options: {
		requestId: string;
		member: SupervisedWorker;
		worker: Worker;
		signal: AbortSignal;
		onRelease: (heldMs: number) => void;
	}) {
		this.requestId = options.requestId;
		this.worker = options.worker;
		this.workerId = options.member.id;
		this.launchKey = options.member.launchKey;
		this.#member = options.member;
		this.#abort = new LinkedAbort(options.signal);
		this.#onRelease = options.onRelease;
		this.#member.leases.add(this);
	}

	/** The client's signal, or `abort`. */
	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Fails the generation with this error at its next event. */
	abort(error: Error): void {
		this.#abort.abort(error);
	}

	/** Tells that the worker broke this generation. */
	doubt(): void {
		this.#member.doubt(this.launchKey);
	}

	release(): void {
		if (!this.#member.leases.delete(this)) return;
		this.#abort.unlink();
		this.#onRelease(performance.now() - this.#takenAtMs);
	}
}
