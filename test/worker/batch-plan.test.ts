import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatch, ROWS } from '../../src/worker/batch-plan.ts';

const limits = { batchTokens: 256, sliceTokens: 64 };

describe('a batch', () => {
	it('takes every decoding slot first and a slice of prompts after them', () => {
		const candidates = [
			{ slot: 0, pending: 1000, isPrefill: true, order: 9 },
			{ slot: 1, pending: 1, isPrefill: false, order: 1 },
			{ slot: 2, pending: 20, isPrefill: true, order: 2 },
		];
		expect(planBatch(candidates, limits)).toEqual([
			{ slot: 0, tokens: 33 },
			{ slot: 1, tokens: 1 },
			{ slot: 2, tokens: 20 },
		]);
	});

	it('reads whole rows, and one token more beside decoding streams, with which that one is computed', () => {
		const prompt = { slot: 3, pending: 1000, isPrefill: true, order: 0 };
		const stream = { slot: 4, pending: 1, isPrefill: false, order: 1 };
		expect(planBatch([prompt], { ...limits, sliceTokens: 60 })).toEqual([{ slot: 3, tokens: 3 * ROWS }]);
		expect(planBatch([prompt, stream], { ...limits, sliceTokens: 60 })[0]).toEqual({ slot: 3, tokens: 3 * ROWS + 1 });
		expect(planBatch([{ ...prompt, pending: 55 }], { ...limits, sliceTokens: 60 })[0]?.tokens).toBe(55);
		expect(planBatch([prompt], { ...limits, sliceTokens: 4 })[0]?.tokens).toBe(4);
		expect(planBatch([prompt, stream], { batchTokens: 20, sliceTokens: 64 })[0]?.tokens).toBe(19);
	});

	it('lets shorter prompts pass a long one for half of the slice, and keeps the order of others', () => {
		const long = { slot: 0, pending: 1000, isPrefill: true, order: 1 };
		const other = { slot: 1, pending: 1200, isPrefill: true, order: 2 };
		const short = { slot: 2, pending: 15, isPrefill: true, order: 3 };
		const next = { slot: 3, pending: 14, isPrefill: true, order: 4 };
		expect(planBatch([long, other, short, next], limits)).toEqual([
			{ slot: 0, tokens: 32 },
			{ slot: 1, tokens: 3 },
			{ slot: 2, tokens: 15 },
			{ slot: 3, tokens: 14 },
		]);
	});

	it('reads prompts of about one length one after another', () => {
		const prompts = [1000, 990, 600].map((pending, slot) => ({ slot, pending, isPrefill: true, order: slot }));
		expect(planBatch(prompts, limits)).toEqual([{ slot: 0, tokens: 64 }]);
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
		const half = limits.sliceTokens / 2;
		expect(stepsToRead(1, [{ pending: 20_000 }, { pending: 10 * half }], () => 0)).toBe(10);
		expect(stepsToRead(0, [{ pending: 50 * half }], () => 40)).toBeLessThanOrEqual(50);
		expect(stepsToRead(1, [{ pending: 50 * half }, { pending: 49 * half }], () => 40)).toBeLessThanOrEqual(99);
	});

	it('is ascending, within its size and slice, and always moves on', () => {
		const candidate = fc.record({
			pending: fc.integer({ min: 1, max: 400 }),
			isPrefill: fc.boolean(),
			order: fc.nat(),
		});
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
				const prompts = entries.filter(({ slot }) => candidates[slot]?.isPrefill).length;
				expect(of(true)).toBeLessThanOrEqual(limits.sliceTokens + prompts);
				expect(entries.length > 0).toBe(candidates.length > 0);
				for (const { slot, tokens } of entries) {
					expect(tokens).toBeGreaterThan(0);
					expect(tokens).toBeLessThanOrEqual(candidates[slot]?.pending ?? 0);
				}
			}),
		);
	});
});
