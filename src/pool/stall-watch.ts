import type { WorkerHealth } from '../protocol/worker-api.ts';

/**
 * Whether a worker got stuck, as a pure state machine over observations at regular intervals. A ping that is answered
 * proves nothing (the event loop lives on while a native thread hangs), so what counts is progress.
 */
export type StallState = {
	progress: number | null;
	/** How long it has stood still while somebody waited for its next token. */
	stillMs: number;
	/** How long /health has not been answered. */
	silentMs: number;
};

export type StallObservation = {
	/** Since the last observation. */
	elapsedMs: number;
	/** Requests that wait for the worker's next event. One whose reader is slow waits for nobody, and is no stall. */
	pulling: number;
	/** null when /health was not answered in the interval. */
	health: Pick<WorkerHealth, 'progress'> | null;
};

export const initialStallState: StallState = { progress: null, stillMs: 0, silentMs: 0 };

/**
 * An interval counts for twice its planned length at most: when this process itself was held up (or the machine slept),
 * the answer may be lying unread in the socket.
 */
export function watchStall(
	state: StallState,
	observation: StallObservation,
	limits: { intervalMs: number; stallMs: number },
): { state: StallState; stalled: string | null } {
	const { health, pulling } = observation;
	const elapsedMs = Math.min(observation.elapsedMs, 2 * limits.intervalMs);
	if (health === null) {
		const silentMs = state.silentMs + elapsedMs;
		const stalled = silentMs >= limits.stallMs ? 'does not answer' : null;
		return { state: { ...state, silentMs }, stalled };
	}
	const stands = pulling > 0 && health.progress === state.progress;
	const stillMs = stands ? state.stillMs + state.silentMs + elapsedMs : 0;
	return {
		state: { progress: health.progress, stillMs, silentMs: 0 },
		stalled: stillMs >= limits.stallMs ? 'makes no progress' : null,
	};
}
