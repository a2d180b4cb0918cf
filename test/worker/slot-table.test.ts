import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonPrefix, pickSlot, type SlotView } from '../../src/worker/slot-table.ts';

function slot(index: number, changes: Partial<SlotView> = {}): SlotView {
	return { index, tokens: [], cacheScope: null, isBusy: false, lastUsed: index, ...changes };
}

describe('picking a slot', () => {
	it('prefers the longest common prefix inside the scope', () => {
		const slots = [
			slot(0, { tokens: [1, 2], cacheScope: 'a' }),
			slot(1, { tokens: [1, 2, 3, 9], cacheScope: 'a' }),
			slot(2, { tokens: [1, 2, 3, 4], cacheScope: 'b' }),
		];
		expect(pickSlot(slots, [1, 2, 3, 4, 5], 'a')).toEqual({ index: 1, cachedTokens: 3 });
	});

	it('leaves the last prompt token to be evaluated', () => {
		expect(pickSlot([slot(0, { tokens: [1, 2, 3], cacheScope: 'a' })], [1, 2, 3], 'a')).toEqual({
			index: 0,
			cachedTokens: 2,
		});
	});

	it('takes the least recently used one where nothing is shared', () => {
		const slots = [
			slot(0, { lastUsed: 5 }),
			slot(1, { lastUsed: 2, tokens: [9], cacheScope: 'a' }),
			slot(2, { lastUsed: 3 }),
		];
		expect(pickSlot(slots, [1, 2], 'a')).toEqual({ index: 1, cachedTokens: 0 });
	});

	it('finds none when all are busy', () => {
		expect(pickSlot([slot(0, { isBusy: true })], [1], 'a')).toBeNull();
	});

	it('never offers more than a true prefix of the same scope', () => {
		const tokens = fc.array(fc.nat(3), { maxLength: 12 });
		const anySlot = fc.record({
			tokens,
			cacheScope: fc.constantFrom('a', 'b', null),
			isBusy: fc.boolean(),
			lastUsed: fc.nat(),
		});
		fc.assert(
			fc.property(fc.array(anySlot, { maxLength: 6 }), tokens, (views, prompt) => {
				const slots = views.map((view, index) => ({ ...view, index }));
				const choice = pickSlot(slots, prompt, 'a');
				const free = slots.filter(({ isBusy }) => !isBusy);
				expect(choice === null).toBe(free.length === 0);
				if (choice === null) return;
				const chosen = slots[choice.index];
				expect(chosen?.isBusy).toBe(false);
				if (choice.cachedTokens > 0) expect(chosen?.cacheScope).toBe('a');
				expect(chosen?.tokens.slice(0, choice.cachedTokens)).toEqual(prompt.slice(0, choice.cachedTokens));
				const best = Math.max(...free.map((view) => (view.cacheScope === 'a' ? commonPrefix(view.tokens, prompt) : 0)));
				expect(choice.cachedTokens).toBe(Math.min(best, Math.max(0, prompt.length - 1)));
			}),
		);
	});
});
