/**
 * The frames of one stream, kept so that whoever comes later can read them from the beginning. Its writer never waits
 * for a reader, and readers do not know of each other.
 */
export class Recording {
	readonly #frames: string[] = [];
	#end: { failure: unknown } | null = null;
	readonly #waiting = new Set<() => void>();

	push(frame: string): void {
		this.#frames.push(frame);
		this.#wakeAll();
	}

	/** `failure` null for a whole stream; any other is thrown to readers behind the last frame. */
	end(failure: unknown): void {
		this.#end = { failure };
		this.#wakeAll();
	}

	/** Ends early when the signal says that nobody reads any more. */
	async *read(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
		for (let index = 0; !signal.aborted; index++) {
			while (index >= this.#frames.length && this.#end === null && !signal.aborted) await this.#next(signal);
			const frame = this.#frames[index];
			if (frame !== undefined) {
				yield frame;
				continue;
			}
			if (this.#end !== null && this.#end.failure !== null) throw this.#end.failure;
			return;
		}
	}

	async #next(signal: AbortSignal): Promise<void> {
		let wake = () => {};
		const woken = new Promise<void>((resolve) => {
			wake = resolve;
		});
		this.#waiting.add(wake);
		signal.addEventListener('abort', wake);
		try {
			await woken;
		} finally {
			this.#waiting.delete(wake);
			signal.removeEventListener('abort', wake);
		}
	}

	#wakeAll(): void {
		for (const wake of this.#waiting) wake();
	}
}
