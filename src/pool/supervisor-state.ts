/** What the supervisor knows of one place in the pool, hears, and wants done. */

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
	/** What is dead is launched if it is wanted, and rests otherwise. */
	| { type: 'deadline'; isWanted: boolean }
	/** It fails what it is given, and others could do better. */
	| { type: 'ejected' }
	/** Wanted by an operator: finish within the grace, end, launch anew. */
	| { type: 'restart'; graceMs: number }
	/** Nobody has asked for it for a while, or its memory is wanted: end, and rest until the next start. */
	| { type: 'unload' }
	/** It runs nothing any more. */
	| { type: 'drained' }
	| { type: 'stop' };
export type TimedSupervisorEvent = SupervisorEvent & { nowMs: number };

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
