import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_PARKED, type ParkedSequence, ParkedSequences, paysToPark } from '../../src/worker/parked-sequences.ts';

function sequence(id: number, changes: Partial<ParkedSequence> = {}): ParkedSequence {
	return { id, tokens: [id], cacheScope: 'a', bytes: 10, recomputeMs: 100, ...changes };
}

describe('parking', () => {
	it('pays where enough is gone on with, and moving costs little enough', () => {
		expect(paysToPark({ recomputeMs: 100, moveMs: 10, share: 0.5 })).toBe(true);
		expect(paysToPark({ recomputeMs: 100, moveMs: 10, share: 0.1 })).toBe(false);
		expect(paysToPark({ recomputeMs: 100, moveMs: 40, share: 0.5 })).toBe(false);
		expect(paysToPark({ recomputeMs: 100, moveMs: 40, share: 1 })).toBe(true);
		expect(paysToPark({ recomputeMs: 100, moveMs: Number.POSITIVE_INFINITY, share: 1 })).toBe(false);
	});
});

function shelf(budgetBytes: number) {
	const dropped: number[] = [];
	const parked = new ParkedSequences<ParkedSequence>(budgetBytes, ({ id }) => dropped.push(id));
	return { parked, dropped, ids: () => parked.views.map(({ id }) => id).sort() };
}

describe('what is parked', () => {
	it('goes first when it costs least to evaluate again for its bytes', () => {
		const { parked, dropped, ids } = shelf(30);
		for (const each of [sequence(1), sequence(2, { recomputeMs: 50 }), sequence(3), sequence(4)]) parked.add(each);
		expect(dropped).toEqual([2]);
		expect(ids()).toEqual([1, 3, 4]);
		expect(parked.evictions).toBe(1);
	});

	it('goes when nobody asked for it, however dear it is', () => {
		const { parked, ids } = shelf(20);
		parked.add(sequence(0, { recomputeMs: 300 }));
		for (let id = 1; id <= 9; id++) parked.add(sequence(id));
		expect(ids()).not.toContain(0);
	});

	it('stays when it is asked for', () => {
		const { parked, ids } = shelf(20);
		parked.add(sequence(0, { recomputeMs: 200 }));
		for (let id = 1; id <= 9; id++) {
			parked.add(sequence(id));
			parked.touch(0);
		}
		expect(ids()).toContain(0);
	});

	it('is never more than so many, however small they are', () => {
		const { parked, dropped } = shelf(1e9);
		for (let id = 0; id < MOST_PARKED + 3; id++) parked.add(sequence(id));
		expect(parked.size).toBe(MOST_PARKED);
		expect(dropped).toHaveLength(3);
	});

	it('takes the place of its own beginning, in its own scope alone', () => {
		const { parked, dropped, ids } = shelf(100);
		parked.add(sequence(1, { tokens: [5, 6] }));
		parked.add(sequence(2, { tokens: [5, 6], cacheScope: 'b' }));
		parked.add(sequence(3, { tokens: [5, 6, 7] }));
		expect(dropped).toEqual([1]);
		expect(ids()).toEqual([2, 3]);
		expect(parked.evictions).toBe(0);
	});

	it('never holds more than its budget, and drops or gives away every sequence once', () => {
		const action = fc.oneof(
			fc.record({ add: fc.record({ bytes: fc.integer({ min: 1, max: 40 }), recomputeMs: fc.nat(100) }) }),
			fc.record({ take: fc.nat(30) }),
			fc.record({ touch: fc.nat(30) }),
		);
		fc.assert(
			fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
				const { parked, dropped } = shelf(50);
				const gone: number[] = [];
				let added = 0;
				for (const each of actions) {
					if ('add' in each) parked.add(sequence(++added, each.add));
					else if ('touch' in each) parked.touch(each.touch);
					else if (parked.take(each.take) !== undefined) gone.push(each.take);
					expect(parked.bytes).toBeLessThanOrEqual(50);
					expect(parked.bytes).toBe(parked.views.reduce((sum, { bytes }) => sum + bytes, 0));
				}
				parked.clear();
				expect(parked.bytes).toBe(0);
				expect([...dropped, ...gone].sort((a, b) => a - b)).toEqual(Array.from({ length: added }, (_, at) => at + 1));
			}),
		);
	});
});
