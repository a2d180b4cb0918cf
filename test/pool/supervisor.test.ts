import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExpected, superviseWorker } from '../../src/pool/supervisor.ts';
import {
	initialSupervisorState,
	type SupervisorAction,
	type SupervisorEvent,
	type SupervisorState,
} from '../../src/pool/supervisor-state.ts';

const limits = { loadMs: 300_000, probeMs: 60_000 };

/** Feeds events in order; each names its time. Gives the last state and the actions of each step. */
function feed(events: { at: number; event: SupervisorEvent }[], from = initialSupervisorState) {
	let state = from;
	const steps: SupervisorAction[][] = [];
	for (const { at, event } of events) {
		const step = superviseWorker(state, { ...event, nowMs: at }, limits);
		state = step.state;
		steps.push(step.actions);
	}
	return { state, steps };
}

const died = (at: number, random = 0.5) => ({ at, event: { type: 'died', nowMs: at, random } as const });
const deadline = { type: 'deadline', isWanted: true } as const;
const at = (time: number, type: 'start' | 'loaded' | 'probed' | 'deadline' | 'stop') => ({
	at: time,
	event: type === 'deadline' ? deadline : { type },
});

const ready = feed([at(0, 'start'), at(1, 'loaded'), at(2, 'probed')]).state;

describe('superviseWorker', () => {
	it('launches, waits for the model, probes, and only then calls it ready', () => {
		const { state, steps } = feed([at(0, 'start'), at(1, 'loaded'), at(2, 'probed')]);
		expect(steps).toEqual([
			[{ type: 'set-timer', ms: 300_000 }, { type: 'launch' }],
			[{ type: 'probe' }],
			[{ type: 'clear-timer' }],
		]);
		expect(state.phase).toBe('ready');
	});

	it.each([['loading', []] as const, ['probing', [at(1, 'loaded')]] as const])(
		'kills what is %s at the deadline and buries it when it is dead',
		(_phase, more) => {
			const { state, steps } = feed([at(0, 'start'), ...more, at(300_000, 'deadline'), died(300_001)]);
			expect(steps.at(-2)).toContainEqual(expect.objectContaining({ type: 'kill' }));
			expect(state.phase).toBe('backing-off');
		},
	);

	it('backs off from half a second, doubling, and opens the circuit at the fifth death in two minutes', () => {
		let { state } = feed([at(0, 'start')]);
		const delays: number[] = [];
		let now = 0;
		for (let death = 1; death <= 6; death += 1) {
			const step = superviseWorker(state, { ...died(now).event }, limits);
			const [timer] = step.actions;
			if (timer?.type !== 'set-timer') throw new Error('no timer');
			delays.push(timer.ms);
			now += timer.ms;
			expect(step.state.phase).toBe(death < 5 ? 'backing-off' : 'circuit-open');
			state = superviseWorker(step.state, { ...deadline, nowMs: now }, limits).state;
			expect(state.phase).toBe('loading');
		}
		expect(delays).toEqual([500, 1000, 2000, 4000, 30_000, 30_000]);
	});

	it('launches what died only while it is wanted, and begins anew when it is started again', () => {
		const { state, steps } = feed([
			at(0, 'start'),
			...[1, 2, 3, 4, 5].flatMap((time) => [died(time), at(time, 'deadline')]),
			died(6),
			{ at: 7, event: { type: 'deadline', isWanted: false } },
		]);
		expect(steps.at(-1)).toEqual([{ type: 'clear-timer' }]);
		expect(state.phase).toBe('idle');
		expect(feed([at(8, 'start'), died(9)], state).state.phase).toBe('backing-off');
	});

	it('starts a crash loop at most eight times in a minute', () => {
		let state = feed([at(0, 'start')]).state;
		let now = 0;
		for (;;) {
			const step = superviseWorker(state, died(now, 0).event, limits);
			const [timer] = step.actions;
			now += timer?.type === 'set-timer' ? timer.ms : 0;
			if (now > 60_000) break;
			state = superviseWorker(step.state, { ...deadline, nowMs: now }, limits).state;
		}
		expect(state.launches).toBeLessThanOrEqual(8);
	});

	it('never waits longer than 36 seconds, jitter included, when the deaths are far apart', () => {
		let state = feed([at(0, 'start')]).state;
		for (let death = 1; death < 20; death += 1) {
			const step = superviseWorker(state, died(death * 100_000, 0.999).event, limits);
			const [timer] = step.actions;
			expect(timer?.type === 'set-timer' ? timer.ms : 0).toBeLessThanOrEqual(36_000);
			state = superviseWorker(step.state, { ...deadline, nowMs: death * 100_000 + 1 }, limits).state;
		}
	});

	it('spreads the delay by a fifth to either side', () => {
		const { state } = feed([at(0, 'start')]);
		expect(superviseWorker(state, died(1, 0).event, limits).actions).toEqual([{ type: 'set-timer', ms: 400 }]);
		expect(superviseWorker(state, died(1, 1).event, limits).actions).toEqual([{ type: 'set-timer', ms: 600 }]);
	});

	it('counts the deaths anew after a minute of service', () => {
		const old: SupervisorState = { ...ready, streak: 4, deathsAtMs: [0] };
		expect(feed([died(30_000)], old).steps).toEqual([[{ type: 'set-timer', ms: 8000 }]]);
		expect(feed([died(60_002)], old).state.streak).toBe(1);
		expect(feed([died(200_000)], old).state.deathsAtMs).toEqual([200_000]);
	});

	it('gives a failed worker no more work and awaits its death', () => {
		const { state, steps } = feed([{ at: 5, event: { type: 'failed', reason: 'stuck' } }], ready);
		expect(state.phase).toBe('ending');
		expect(steps).toEqual([[{ type: 'clear-timer' }, { type: 'kill', reason: 'stuck' }]]);
	});

	it('ends what lives on stop, and nothing brings it back', () => {
		const stopped = feed([at(9, 'stop')], ready);
		expect(stopped.steps).toEqual([[{ type: 'clear-timer' }, { type: 'end' }]]);
		const after = feed([died(10), at(11, 'deadline'), at(12, 'start'), at(13, 'loaded')], stopped.state);
		expect(after.state.phase).toBe('stopped');
		expect(after.steps.flat()).toEqual([]);
	});

	it('has nothing to end when it is stopped while it backs off', () => {
		const waiting = feed([at(0, 'start'), died(1)]).state;
		expect(feed([at(2, 'stop')], waiting).steps).toEqual([[{ type: 'clear-timer' }]]);
	});

	it('waits for a worker that is on its way, not for one that was given up', () => {
		const phases = ['idle', 'loading', 'probing', 'ready', 'ending', 'backing-off', 'circuit-open', 'stopped'] as const;
		expect(phases.filter((phase) => !isExpected(phase))).toEqual(['circuit-open', 'stopped']);
	});

	it('never launches over a living worker, whatever comes in whatever order', () => {
		const events = fc.array(
			fc.oneof(
				fc
					.constantFrom('start' as const, 'loaded' as const, 'probed' as const, 'stop' as const)
					.map((type) => ({ type })),
				fc.boolean().map((isWanted) => ({ type: 'deadline', isWanted }) as const),
				fc.constant<SupervisorEvent>({ type: 'failed', reason: 'x' }),
				fc.constant<SupervisorEvent>({ type: 'died', nowMs: 0, random: 0.5 }),
			),
			{ maxLength: 60 },
		);
		fc.assert(
			fc.property(events, (list) => {
				let state = initialSupervisorState;
				let isAlive = false;
				let now = 0;
				for (const event of list) {
					now += 1000;
					// A death can only come from a living worker; the shell sees to that.
					if (event.type === 'died' && !isAlive) continue;
					const step = superviseWorker(state, { ...event, nowMs: now }, limits);
					if (event.type === 'died') isAlive = false;
					for (const action of step.actions) {
						if (action.type !== 'launch') continue;
						expect(isAlive).toBe(false);
						isAlive = true;
					}
					state = step.state;
				}
			}),
		);
	});
});

describe('superviseWorker, for an operator', () => {
	const then = (...events: SupervisorEvent[]) =>
		feed(
			events.map((event) => ({ at: 10, event })),
			ready,
		);
	const restart = { type: 'restart', graceMs: 60_000 } as const;

	it('drains before it ends, and launches at once: no death, no back-off', () => {
		const { state, steps } = then(restart, { type: 'drained' }, { type: 'died', nowMs: 11, random: 0.5 });
		expect(steps).toEqual([
			[{ type: 'set-timer', ms: 60_000 }],
			[{ type: 'clear-timer' }, { type: 'end' }],
			[{ type: 'set-timer', ms: 300_000 }, { type: 'launch' }],
		]);
		expect(state).toMatchObject({ phase: 'loading', launches: 2, deathsAtMs: [], streak: 0, isRestarting: true });
	});

	it('ends it at the end of the grace, whatever runs', () => {
		expect(then(restart, deadline).steps.at(-1)).toEqual([{ type: 'end' }]);
	});

	it('counts a death while it drains as a death', () => {
		const { state } = then(restart, { type: 'died', nowMs: 11, random: 0.5 });
		expect(state).toMatchObject({ phase: 'backing-off', deathsAtMs: [10], afterwards: null, isRestarting: false });
	});

	it('launches what is dead at once, and forgets its deaths', () => {
		const dead = feed([
			at(0, 'start'),
			...[1, 2, 3, 4, 5].flatMap((time) => [died(time), at(time, 'deadline')]),
			died(6),
		]);
		expect(dead.state.phase).toBe('circuit-open');
		const { state } = feed([{ at: 10, event: restart }], dead.state);
		expect(state).toMatchObject({ phase: 'loading', deathsAtMs: [], streak: 0 });
	});

	it('unloads to a rest from which a start wakes it', () => {
		const { state } = then({ type: 'unload' }, { type: 'died', nowMs: 11, random: 0.5 });
		expect(state).toMatchObject({ phase: 'idle', deathsAtMs: [] });
		expect(feed([at(12, 'start')], state).state).toMatchObject({ phase: 'loading', launches: 2 });
	});

	it('puts what was ejected on probation, longer each time, and probes before it counts again', () => {
		const first = then({ type: 'ejected' }, deadline, { type: 'probed' });
		expect(first.steps).toEqual([
			[{ type: 'set-timer', ms: 1000 }],
			[{ type: 'set-timer', ms: 60_000 }, { type: 'probe' }],
			[{ type: 'clear-timer' }],
		]);
		const again = feed([{ at: 20, event: { type: 'ejected' } }], first.state);
		expect(again.steps).toEqual([[{ type: 'set-timer', ms: 2000 }]]);
	});
});
