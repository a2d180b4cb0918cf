/**
 * One AbortSignal for everything that may end a request: the caller's signal, a deadline, and the request's own end.
 * AbortSignal.any would do the first two, but holds on to long-lived source signals in Node 20.
 */
export class LinkedAbort {
	readonly #controller = new AbortController();
	readonly #source: AbortSignal;
	readonly #onAbort: () => void;
	#timer: NodeJS.Timeout | undefined;

	constructor(source: AbortSignal) {
		this.#source = source;
		this.#onAbort = () => this.#controller.abort(source.reason);
		if (source.aborted) this.#onAbort();
		else source.addEventListener('abort', this.#onAbort, { once: true });
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	abort(reason: unknown): void {
		this.#controller.abort(reason);
	}

	/** Starts the deadline anew. `reason` is made only when it passes. */
	arm(ms: number, reason: () => unknown): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#controller.abort(reason()), ms);
	}

	disarm(): void {
		clearTimeout(this.#timer);
	}

	/** Lets go of timer and source; does not abort. */
	unlink(): void {
		this.disarm();
		this.#source.removeEventListener('abort', this.#onAbort);
	}
}
