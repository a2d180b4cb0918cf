/**
 * When a worker is launched, trusted and given up, as a pure state machine: `superviseWorker(state, event)` returns the
 * next state and what to do about it. No clock, no randomness, no I/O: they come in with the events.
 */

export type SupervisorPhase =
	| 'idle'
	/** Launched; its model loads. */
	| 'loading'
	/** Loaded; a one-token generation must succeed before it gets work. */
	| 'probing'
	| 'ready'
	/** Told to end; its death is awaited. */
	| 'ending'
	/** Dead; a launch is due. */
	| 'backing-off'
	/** Died too often; a launch is due, and one more death within the window brings it back here. */
	| 'circuit-open'
	| 'stopped';

export type SupervisorState = {
	phase: SupervisorPhase;
	launches: number;
	/** Times of the deaths inside the window. */
	deathsAtMs: readonly number[];
	/** Deaths in a row without a stable time between them: the exponent of the back-off. */
	streak: number;
	readySinceMs: number | null;
};

export type SupervisorEvent =
	| { type: 'start' }
	| { type: 'loaded' }
	| { type: 'probed' }
	| { type: 'failed'; reason: string }
	| { type: 'died'; nowMs: number; random: number }
	| { type: 'deadline' }
	| { type: 'stop' };
type TimedSupervisorEvent = SupervisorEvent & { nowMs: number };

export type SupervisorAction =
	| { type: 'launch' }
	| { type: 'probe' }
	| { type: 'kill'; reason: string }
	/** Ask it to end, then insist. */
	| { type: 'end' }
	/** One timer a supervisor: a new one replaces the old one. Its end is the event `deadline`. */
	| { type: 'set-timer'; ms: number }
	| { type: 'clear-timer' };

export type SupervisorStep = { state: SupervisorState; actions: SupervisorAction[] };

export const initialSupervisorState: SupervisorState = {
	phase: 'idle',
	launches: 0,
	deathsAtMs: [],
	streak: 0,
	readySinceMs: null,
};

const WINDOW_MS = 120_000;
const DEATHS_TO_OPEN = 5;
const OPEN_MS = 30_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
const JITTER = 0.2;
/** Ready for so long, and the next death counts as the first. */
const STABLE_MS = 60_000;

/** `loadMs` bounds load and probe together. */
export function superviseWorker(
	state: SupervisorState,
	event: TimedSupervisorEvent,
	limits: { loadMs: number },
): SupervisorStep {
	if (state.phase === 'stopped') return { state, actions: [] };
	switch (event.type) {
		case 'start':
			return state.phase === 'idle' ? launch(state, limits.loadMs) : stay(state);
		case 'loaded':
			return state.phase === 'loading' ? enter(state, 'probing', [{ type: 'probe' }]) : stay(state);
		case 'probed':
			if (state.phase !== 'probing') return stay(state);
			return {
				state: { ...state, phase: 'ready', readySinceMs: event.nowMs },
				actions: [{ type: 'clear-timer' }],
			};
		case 'failed':
			return isAlive(state.phase) ? kill(state, event.reason) : stay(state);
		case 'deadline':
			if (state.phase === 'backing-off' || state.phase === 'circuit-open') return launch(state, limits.loadMs);
			if (state.phase === 'loading') return kill(state, 'not loaded in time');
			return state.phase === 'probing' ? kill(state, 'first token not in time') : stay(state);
		case 'died':
			return isAlive(state.phase) || state.phase === 'ending' ? bury(state, event.nowMs, event.random) : stay(state);
		case 'stop': {
			const isRunning = isAlive(state.phase) || state.phase === 'ending';
			return enter(state, 'stopped', [{ type: 'clear-timer' }, ...(isRunning ? [{ type: 'end' } as const] : [])]);
		}
	}
}

/** Whether a worker in this phase is on its way to serving: requests that were admitted already may wait for it. */
export function isExpected(phase: SupervisorPhase): boolean {
	return phase !== 'circuit-open' && phase !== 'stopped';
}

function isAlive(phase: SupervisorPhase): boolean {
	return phase === 'loading' || phase === 'probing' || phase === 'ready';
}

function stay(state: SupervisorState): SupervisorStep {
	return { state, actions: [] };
}

function enter(state: SupervisorState, phase: SupervisorPhase, actions: SupervisorAction[]): SupervisorStep {
	return { state: { ...state, phase }, actions };
}

function launch(state: SupervisorState, loadMs: number): SupervisorStep {
	return {
		state: { ...state, phase: 'loading', launches: state.launches + 1, readySinceMs: null },
		actions: [{ type: 'set-timer', ms: loadMs }, { type: 'launch' }],
	};
}

function kill(state: SupervisorState, reason: string): SupervisorStep {
	return enter(state, 'ending', [{ type: 'clear-timer' }, { type: 'kill', reason }]);
}

function bury(state: SupervisorState, nowMs: number, random: number): SupervisorStep {
	const wasStable = state.readySinceMs !== null && nowMs - state.readySinceMs >= STABLE_MS;
	const streak = wasStable ? 1 : state.streak + 1;
	const deathsAtMs = [...state.deathsAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS), nowMs];
	const isOpen = deathsAtMs.length >= DEATHS_TO_OPEN;
	const delayMs = isOpen ? OPEN_MS : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (streak - 1));
	const jitteredMs = Math.round(delayMs * (1 + JITTER * (2 * random - 1)));
	return {
		state: { ...state, phase: isOpen ? 'circuit-open' : 'backing-off', streak, deathsAtMs, readySinceMs: null },
		actions: [{ type: 'set-timer', ms: jitteredMs }],
	};
}
