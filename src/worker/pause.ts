/** A wait that somebody else may cut short. */
export class Pause {
	#end: () => void = () => undefined;

	/** Resolves after so many milliseconds, or at `end`. One at a time. */
	for(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.#end = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	end(): void {
		this.#end();
	}
}
