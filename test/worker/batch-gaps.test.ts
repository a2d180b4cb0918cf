import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gapsMs, gapsToFill, NO_GAPS } from '../../src/worker/batch-gaps.ts';

/** Three rows cost less than a cut, four more. */
const costs = { cutMs: 10, rowMs: 3 };

describe('gaps between the slots of a batch', () => {
	it('are filled where their rows cost less than a cut', () => {
		expect(gapsToFill([0, 2, 6, 11, 12, 14], costs)).toEqual([[1], [3, 4, 5], [13]]);
		expect(gapsMs([0, 2, 6, 11, 12, 14], costs)).toBe(3 + 9 + 10 + 3);
	});

	it('are none before the first slot, behind the last, or where slots stand side by side', () => {
		for (const slots of [[], [7], [3, 4, 5]]) {
			expect(gapsToFill(slots, costs)).toEqual([]);
			expect(gapsMs(slots, costs)).toBe(0);
		}
	});

	it('stay open where a row costs as much as a cut, or cannot be taken back', () => {
		expect(gapsToFill([0, 2], { cutMs: 3, rowMs: 3 })).toEqual([]);
		expect(gapsToFill([0, 2, 9], NO_GAPS)).toEqual([]);
		expect(gapsMs([0, 2, 9], NO_GAPS)).toBe(0);
		expect(gapsMs([0, 2, 9], { cutMs: 5, rowMs: Number.POSITIVE_INFINITY })).toBe(10);
	});

	it('cost what is filled and what is cut, and nothing is filled that is taken', () => {
		fc.assert(
			fc.property(fc.uniqueArray(fc.nat(40)), fc.nat(20), fc.nat(20), (unsorted, cutMs, rowMs) => {
				const slots = unsorted.sort((one, other) => one - other);
				const filled = gapsToFill(slots, { cutMs, rowMs }).flat();
				const batch = [...slots, ...filled].sort((one, other) => one - other);
				expect(new Set(batch).size).toBe(batch.length);
				const cuts = batch.filter((slot, index) => index > 0 && batch[index - 1] !== slot - 1).length;
				expect(gapsMs(slots, { cutMs, rowMs })).toBe(filled.length * rowMs + cuts * cutMs);
			}),
		);
	});
});
