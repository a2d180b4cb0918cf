/** npm passes on the Ctrl-C that the terminal gave us already: two within this time are one press of the key. */
const SAME_PRESS_MS = 300;

export type ShutdownSignals = {
	/** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
	signal: AbortSignal;
	/** Stops listening: the next signal has its usual effect. */
	stop(): void;
};

/** Watches for the signals that end a server. The second one calls `onSecond`, which should end the process. */
export function watchShutdownSignals(onSecond: (name: NodeJS.Signals) => void): ShutdownSignals {
	const controller = new AbortController();
	let firstMs: number | null = null;
	const listen = (name: NodeJS.Signals) => {
		if (firstMs === null) {
			firstMs = performance.now();
			controller.abort(name);
		} else if (performance.now() - firstMs > SAME_PRESS_MS) onSecond(name);
	};
	const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
	for (const name of names) process.on(name, listen);
	return {
		signal: controller.signal,
		stop() {
			for (const name of names) process.off(name, listen);
		},
	};
}
