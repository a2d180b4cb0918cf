/**
 * When a worker is launched, trusted and given up, as a pure state machine: `superviseWorker(state, event)` returns the
 * next state and what to do about it. No clock, no randomness, no I/O: they come in with the events.
 */
import type {
	SupervisorAction,
	SupervisorPhase,
	SupervisorState,
	SupervisorStep,
	TimedSupervisorEvent,
} from './supervisor-state.ts';

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
			if (isWaiting(state.phase)) return event.isWanted ? launch(state, limits.loadMs) : unload(state);
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

/** Whether it is there, ready or not. */
export function isAlive(phase: SupervisorPhase): boolean {
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
