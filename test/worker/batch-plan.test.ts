import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatch } from '../../src/worker/batch-plan.ts';

const limits = { batchTokens: 16, prefillSliceTokens: 4 };

describe('a batch', () => {
	it('takes every decoding slot first and one slice of prompt after them', () => {
		const candidates = [
			{ slot: 0, pending: 100, isPrefill: true, order: 9 },
			{ slot: 1, pending: 1, isPrefill: false, order: 1 },
			{ slot: 2, pending: 3, isPrefill: true, order: 2 },
		];
		expect(planBatch(candidates, limits)).toEqual([
			{ slot: 0, tokens: 1 },
			{ slot: 1, tokens: 1 },
			{ slot: 2, tokens: 3 },
		]);
	});

	it('gives the whole batch to prompts when nobody decodes', () => {
		expect(planBatch([{ slot: 3, pending: 100, isPrefill: true, order: 0 }], limits)).toEqual([
			{ slot: 3, tokens: 16 },
		]);
	});

	it('gives prompts no more than a time allows when nobody decodes', () => {
		const candidates = [{ slot: 3, pending: 100, isPrefill: true, order: 0 }];
		expect(planBatch(candidates, { ...limits, prefillAloneTokens: 6 })).toEqual([{ slot: 3, tokens: 6 }]);
	});

	it('lets shorter prompts pass a long one for half of the batch, and keeps the order of others', () => {
		const long = { slot: 0, pending: 100, isPrefill: true, order: 1 };
		const other = { slot: 1, pending: 120, isPrefill: true, order: 2 };
		const short = { slot: 2, pending: 5, isPrefill: true, order: 3 };
		const next = { slot: 3, pending: 4, isPrefill: true, order: 4 };
		expect(planBatch([long, other, short, next], limits)).toEqual([
			{ slot: 0, tokens: 8 },
			{ slot: 2, tokens: 4 },
			{ slot: 3, tokens: 4 },
		]);
	});

	/** Steps until this prompt is read, beside one decoding stream and whatever `arrives` in each step. */
	function stepsToRead(slot: number, prompts: { pending: number }[], arrives: (step: number) => number): number {
		const waiting = prompts.map(({ pending }, index) => ({ slot: index, pending, isPrefill: true, order: index }));
		for (let step = 1; step < 10_000; step++) {
			const pending = arrives(step);
			const order = waiting.length;
			if (pending > 0) waiting.push({ slot: order, pending, isPrefill: true, order });
			const decoding = { slot: 10_000, pending: 1, isPrefill: false, order: 0 };
			const entries = planBatch([...waiting.filter((each) => each.pending > 0), decoding], limits);
			expect(entries.at(-1)).toEqual({ slot: 10_000, tokens: 1 });
			for (const entry of entries) {
				const each = waiting[entry.slot];
				if (each !== undefined) each.pending -= entry.tokens;
			}
			if (waiting[slot]?.pending === 0) return step;
		}
		return Number.POSITIVE_INFINITY;
	}

	it('keeps no short prompt behind a long one, and no long one behind short ones that never cease to come', () => {
		const half = limits.prefillSliceTokens / 2;
		expect(stepsToRead(1, [{ pending: 2000 }, { pending: 40 }], () => 0)).toBe(40 / half);
		expect(stepsToRead(0, [{ pending: 200 }], () => 3)).toBeLessThanOrEqual(200 / half);
		expect(stepsToRead(1, [{ pending: 200 }, { pending: 190 }], () => 3)).toBeLessThanOrEqual(390 / half);
	});

	it('is ascending, within its size, slices prompts only beside decoding, and always moves on', () => {
		const candidate = fc.record({ pending: fc.integer({ min: 1, max: 40 }), isPrefill: fc.boolean(), order: fc.nat() });
		fc.assert(
			fc.property(fc.array(candidate, { maxLength: 12 }), (list) => {
				const candidates = list.map((item, slot) => ({ ...item, slot }));
				const entries = planBatch(candidates, limits);
				const slots = entries.map(({ slot }) => slot);
				expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
				const of = (isPrefill: boolean) =>
					entries
						.filter(({ slot }) => candidates[slot]?.isPrefill === isPrefill)
						.reduce((sum, { tokens }) => sum + tokens, 0);
				expect(of(true) + of(false)).toBeLessThanOrEqual(limits.batchTokens);
				if (of(false) > 0) expect(of(true)).toBeLessThanOrEqual(limits.prefillSliceTokens);
				expect(entries.length > 0).toBe(candidates.length > 0);
				for (const { slot, tokens } of entries) {
					expect(tokens).toBeGreaterThan(0);
					expect(tokens).toBeLessThanOrEqual(candidates[slot]?.pending ?? 0);
				}
			}),
		);
	});
});
