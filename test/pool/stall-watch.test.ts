import { describe, expect, it } from 'vitest';
import { initialStallState, type StallObservation, watchStall } from '../../src/pool/stall-watch.ts';

const limits = { intervalMs: 1000, stallMs: 10_000 };

/** Number of the observation that finds the stall, from 1; null when none does. */
function foundAt(observations: Partial<StallObservation>[]): number | null {
	let state = initialStallState;
	for (const [index, observation] of observations.entries()) {
		const look = watchStall(state, { elapsedMs: 1000, pulling: 1, health: { progress: 7 }, ...observation }, limits);
		if (look.stalled !== null) return index + 1;
		state = look.state;
	}
	return null;
}

const times = (count: number, observation: Partial<StallObservation>) =>
	Array.from({ length: count }, () => observation);

describe('watchStall', () => {
	it('finds a busy worker whose progress stands still after the limit, pings answered', () => {
		expect(foundAt(times(20, {}))).toBe(11);
	});

	it('finds a worker that does not answer, busy or not', () => {
		expect(foundAt(times(20, { health: null, pulling: 0 }))).toBe(10);
		expect(foundAt(times(20, { health: null }))).toBe(10);
	});

	it('leaves a worker alone that moves on at all', () => {
		const slow = Array.from({ length: 100 }, (_, index) => ({ health: { progress: Math.floor(index / 9) } }));
		expect(foundAt(slow)).toBe(null);
	});

	it('leaves an idle worker alone', () => {
		expect(foundAt(times(100, { pulling: 0 }))).toBe(null);
	});

	it('leaves a worker alone whose readers take their time', () => {
		const now = times(5, {});
		const slowReader = times(1, { pulling: 0 });
		expect(foundAt([...now, ...slowReader, ...now, ...slowReader, ...now])).toBe(null);
	});

	it('counts unanswered looks towards a standstill', () => {
		const mixed = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? {} : { health: null }));
		expect(foundAt(mixed)).toBe(11);
	});

	it('does not blame the worker for a pause of this process', () => {
		expect(foundAt([{}, { health: null, elapsedMs: 60_000 }, { health: { progress: 8 } }])).toBe(null);
	});
});
