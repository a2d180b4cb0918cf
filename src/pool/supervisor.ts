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
	/** Failed too many requests: no work until a probe succeeds, which is due. */
	| 'probation'
	/** Finishes what it runs, and is then ended as `afterwards` says. */
	| 'draining'
	/** Told to end; its death is awaited. */
	| 'ending'
	/** Dead; a launch is due. */
	| 'backing-off'
	/** Died too often; a launch is due, and one more death within the window brings it back here. */
	| 'circuit-open'
	/** It must not serve here (another model, another protocol); a launch is due, in case somebody mended it. */
	| 'refused'
	| 'stopped';

export type SupervisorState = {
	phase: SupervisorPhase;
	launches: number;
	/** Times of the deaths inside the window. */
	deathsAtMs: readonly number[];
	/** Deaths in a row without a stable time between them: the exponent of the back-off. */
	streak: number;
	readySinceMs: number | null;
	/** What an end that was wanted leads to; null for one that was not. */
	afterwards: 'launch' | 'rest' | null;
	/** An operator has asked for its restart, and it is not back yet. */
	isRestarting: boolean;
	/** Ejections in a row without a stable time between them: the exponent of the probation. */
	ejections: number;
	/** Being ended because it must not serve here. */
	isRefused: boolean;
};

export type SupervisorEvent =
	| { type: 'start' }
	| { type: 'loaded' }
	| { type: 'probed' }
	| { type: 'failed'; reason: string }
	/** It is well, and must not serve here. */
	| { type: 'refused'; reason: string }
	| { type: 'died'; nowMs: number; random: number }
	| { type: 'deadline' }
	/** It fails what it is given, and others could do better. */
	| { type: 'ejected' }
	/** Wanted by an operator: finish within the grace, end, launch anew. */
	| { type: 'restart'; graceMs: number }
	/** Nobody has asked for it for a while, or its memory is wanted: end, and rest until the next start. */
	| { type: 'unload' }
	/** It runs nothing any more. */
	| { type: 'drained' }
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
	afterwards: null,
	isRestarting: false,
	ejections: 0,
	isRefused: false,
};

const WINDOW_MS = 120_000;
const DEATHS_TO_OPEN = 5;
const OPEN_MS = 30_000;
const REFUSED_MS = 30_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
const JITTER = 0.2;
/** Ready for so long, and the next death counts as the first. */
const STABLE_MS = 60_000;
const FIRST_PROBATION_MS = 1000;

/** `loadMs` bounds load and probe together, `probeMs` the probe at the end of a probation. */
export function superviseWorker(
	state: SupervisorState,
	event: TimedSupervisorEvent,
	limits: { loadMs: number; probeMs: number },
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
				state: { ...state, phase: 'ready', readySinceMs: event.nowMs, isRestarting: false },
				actions: [{ type: 'clear-timer' }],
			};
		case 'failed':
			return isAlive(state.phase) ? kill(state, event.reason) : stay(state);
		case 'refused':
			return isAlive(state.phase) ? kill({ ...state, isRefused: true }, event.reason) : stay(state);
		case 'deadline':
			if (isWaiting(state.phase)) return launch(state, limits.loadMs);
			if (state.phase === 'loading') return kill(state, 'not loaded in time');
			if (state.phase === 'draining') return enter(state, 'ending', [{ type: 'end' }]);
			if (state.phase === 'probation')
				return enter(state, 'probing', [{ type: 'set-timer', ms: limits.probeMs }, { type: 'probe' }]);
			return state.phase === 'probing' ? kill(state, 'first token not in time') : stay(state);
		case 'died':
			if (state.phase === 'ending' && state.afterwards !== null) return afterEnd(state, limits.loadMs);
			return isAlive(state.phase) || state.phase === 'ending' ? bury(state, event.nowMs, event.random) : stay(state);
		case 'ejected':
			return state.phase === 'ready' ? eject(state, event.nowMs) : stay(state);
		case 'restart':
			return restart(state, event.graceMs, limits.loadMs);
		case 'unload':
			return unload(state);
		case 'drained':
			return state.phase === 'draining'
				? enter(state, 'ending', [{ type: 'clear-timer' }, { type: 'end' }])
				: stay(state);
		case 'stop': {
			const isRunning = isAlive(state.phase) || state.phase === 'ending';
			return enter(state, 'stopped', [{ type: 'clear-timer' }, ...(isRunning ? [{ type: 'end' } as const] : [])]);
		}
	}
}

/** Whether a worker in this phase is on its way to serving: requests that were admitted already may wait for it. */
export function isExpected(phase: SupervisorPhase): boolean {
	return phase !== 'circuit-open' && phase !== 'refused' && phase !== 'stopped';
}

function isWaiting(phase: SupervisorPhase): boolean {
	return phase === 'backing-off' || phase === 'circuit-open' || phase === 'refused';
}

function isAlive(phase: SupervisorPhase): boolean {
	return ['loading', 'probing', 'ready', 'probation', 'draining'].includes(phase);
}

function stay(state: SupervisorState): SupervisorStep {
	return { state, actions: [] };
}

function enter(state: SupervisorState, phase: SupervisorPhase, actions: SupervisorAction[]): SupervisorStep {
	return { state: { ...state, phase }, actions };
}

function launch(state: SupervisorState, loadMs: number): SupervisorStep {
	return {
		state: { ...state, phase: 'loading', launches: state.launches + 1, readySinceMs: null, afterwards: null },
		actions: [{ type: 'set-timer', ms: loadMs }, { type: 'launch' }],
	};
}

/** What is ready finishes first; what only loads has nothing to finish; what is dead is launched now. */
function restart(state: SupervisorState, graceMs: number, loadMs: number): SupervisorStep {
	const wanted: SupervisorState = { ...state, afterwards: 'launch', isRestarting: true };
	switch (state.phase) {
		case 'ready':
		case 'probation':
			return enter(wanted, 'draining', [{ type: 'set-timer', ms: graceMs }]);
		case 'loading':
		case 'probing':
			return enter(wanted, 'ending', [{ type: 'clear-timer' }, { type: 'end' }]);
		case 'draining':
		case 'ending':
			return stay(wanted);
		case 'idle':
		case 'backing-off':
		case 'circuit-open':
		case 'refused':
			return launch({ ...state, deathsAtMs: [], streak: 0, isRestarting: true }, loadMs);
		case 'stopped':
			return stay(state);
	}
}

function unload(state: SupervisorState): SupervisorStep {
	if (isWaiting(state.phase)) return enter({ ...state, deathsAtMs: [], streak: 0 }, 'idle', [{ type: 'clear-timer' }]);
	if (state.phase === 'ending' && state.afterwards !== null)
		return stay({ ...state, afterwards: 'rest', isRestarting: false });
	if (!isAlive(state.phase)) return stay(state);
	return enter({ ...state, afterwards: 'rest', isRestarting: false }, 'ending', [
		{ type: 'clear-timer' },
		{ type: 'end' },
	]);
}

function afterEnd(state: SupervisorState, loadMs: number): SupervisorStep {
	if (state.afterwards === 'launch') return launch(state, loadMs);
	return enter({ ...state, afterwards: null, readySinceMs: null }, 'idle', []);
}

function eject(state: SupervisorState, nowMs: number): SupervisorStep {
	const ejections = (wasStable(state, nowMs) ? 0 : state.ejections) + 1;
	const ms = Math.min(MAX_DELAY_MS, FIRST_PROBATION_MS * 2 ** (ejections - 1));
	return enter({ ...state, ejections, readySinceMs: null }, 'probation', [{ type: 'set-timer', ms }]);
}

function wasStable({ readySinceMs }: SupervisorState, nowMs: number): boolean {
	return readySinceMs !== null && nowMs - readySinceMs >= STABLE_MS;
}

function kill(state: SupervisorState, reason: string): SupervisorStep {
	// Whatever was wanted before, this end was not.
	return enter({ ...state, afterwards: null, isRestarting: false }, 'ending', [
		{ type: 'clear-timer' },
		{ type: 'kill', reason },
	]);
}

function bury(state: SupervisorState, nowMs: number, random: number): SupervisorStep {
	if (state.isRefused) {
		const refused = { ...state, phase: 'refused' as const, isRefused: false, readySinceMs: null };
		return { state: refused, actions: [{ type: 'set-timer', ms: REFUSED_MS }] };
	}
	const streak = wasStable(state, nowMs) ? 1 : state.streak + 1;
	const deathsAtMs = [...state.deathsAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS), nowMs];
	const isOpen = deathsAtMs.length >= DEATHS_TO_OPEN;
	const delayMs = isOpen ? OPEN_MS : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (streak - 1));
	const jitteredMs = Math.round(delayMs * (1 + JITTER * (2 * random - 1)));
	return {
		state: {
			...state,
			phase: isOpen ? 'circuit-open' : 'backing-off',
			streak,
			deathsAtMs,
			readySinceMs: null,
			afterwards: null,
			isRestarting: false,
		},
		actions: [{ type: 'set-timer', ms: jitteredMs }],
	};
}
