/** Waits until nothing runs any more. */
export class IdleGate {
	readonly #isIdle: () => boolean;
	#open: (() => void) | null = null;

	constructor(isIdle: () => boolean) {
		this.#isIdle = isIdle;
	}

	/** To be called when something has ended. */
	ended(): void {
		if (this.#open !== null && this.#isIdle()) this.#open();
	}

	/** Whoever waits waits no more. */
	open(): void {
		this.#open?.();
	}

	/** Settles when nothing runs, at the deadline, or when it is opened. */
	async wait(deadlineMs: number): Promise<void> {
		if (this.#isIdle()) return;
		let timer: NodeJS.Timeout | undefined;
		try {
			await new Promise<void>((resolve) => {
				this.#open = resolve;
				timer = setTimeout(resolve, deadlineMs);
			});
		} finally {
			clearTimeout(timer);
		}
	}
}
