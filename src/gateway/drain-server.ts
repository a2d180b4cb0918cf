import type { FastifyInstance } from 'fastify';
import { shuttingDown } from '../errors.ts';

/** Idle keep-alive connections go at this rate, or a single one would hold the close for its whole timeout. */
const SWEEP_MS = 100;
/** What is left for error frames to reach their clients once the grace is over. */
const LAST_WORDS_MS = 1000;

/**
 * Ends the server: not ready, no new work, running completions finish within the grace, those that do not get an error
 * (a frame on a stream, a 503 otherwise), then every connection closes. Resolves when the port is free; does not touch
 * the pool.
 */
export async function drainServer(app: FastifyInstance, graceMs: number): Promise<void> {
	const { running } = app;
	running.beginDrain();
	const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
	try {
		await within(graceMs, running.empty());
		running.cancelAll(shuttingDown());
		await within(LAST_WORDS_MS, running.empty());
		const closed = app.close();
		app.server.closeIdleConnections();
		await within(LAST_WORDS_MS, closed);
		app.server.closeAllConnections();
		await closed;
	} finally {
		clearInterval(sweep);
	}
}

/** Resolves with the promise or after the time, whichever is first. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const deadline = new Promise((resolve) => {
		timer = setTimeout(resolve, ms);
	});
	try {
		await Promise.race([promise, deadline]);
	} finally {
		clearTimeout(timer);
	}
}
