import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_GAPS } from '../../src/worker/batch-gaps.ts';
import {
	type CacheCosts,
	commonPrefix,
	LEAST_COPIED_TOKENS,
	LEAST_SHARED_TOKENS,
	type ParkedView,
	type Placement,
	placePrompt,
	type SlotView,
} from '../../src/worker/slot-table.ts';

function slot(index: number, changes: Partial<SlotView> = {}): SlotView {
	const empty = { tokens: [], arriving: [], cacheScope: null, isBusy: false, mayContinue: true, lastUsed: index };
	return { index, ...empty, ...changes };
}

/** `count` tokens that begin as every other run does. */
const run = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
const still: CacheCosts = { promptTokenMs: null, copyMs: 1, moveMs: () => 1, rows: NO_GAPS };
const moving: CacheCosts = { promptTokenMs: 1, copyMs: 5, moveMs: (tokens) => tokens / 100, rows: NO_GAPS };
const noParking: CacheCosts = { ...moving, moveMs: () => Number.POSITIVE_INFINITY };

function place(slots: SlotView[], prompt: number[], costs = still, parked: ParkedView[] = []): Placement | null {
	return placePrompt(slots, parked, { prompt, cacheScope: 'a' }, costs);
}

describe('placing a prompt', () => {
	it('prefers the free slot with the longest common prefix inside the scope', () => {
		const slots = [
			slot(0, { tokens: [1, 2], cacheScope: 'a' }),
			slot(1, { tokens: [1, 2, 3, 9], cacheScope: 'a' }),
			slot(2, { tokens: [1, 2, 3, 4], cacheScope: 'b' }),
		];
		expect(place(slots, [1, 2, 3, 4, 5])).toEqual({ index: 1, cachedTokens: 3, prefix: { from: 'own' } });
	});

	it('leaves the last prompt token to be evaluated', () => {
		expect(place([slot(0, { tokens: [1, 2, 3], cacheScope: 'a' })], [1, 2, 3])?.cachedTokens).toBe(2);
	});

	it('takes an empty slot, then the least recently used one, where nothing is shared', () => {
		const slots = [
			slot(0, { lastUsed: 5, tokens: [8], cacheScope: 'a' }),
			slot(1, { lastUsed: 2, tokens: [9, 9, 9], cacheScope: 'a' }),
		];
		expect(place(slots, [1, 2])).toEqual({ index: 1, cachedTokens: 0, prefix: { from: 'own' } });
		expect(place([...slots, slot(2, { lastUsed: 9 })], [1, 2])?.index).toBe(2);
	});

	it('takes the place of what nobody will come back for, however little is shared', () => {
		const slots = [slot(0, { tokens: run(80), cacheScope: 'a', mayContinue: false }), slot(1)];
		expect(place(slots, [...run(13), 700])).toMatchObject({ index: 0, cachedTokens: 13 });
	});

	it('leaves a conversation alone for the mark that all prompts begin with', () => {
		const slots = [
			slot(0, { tokens: run(20), cacheScope: 'a', lastUsed: 5 }),
			slot(1, { tokens: run(900, 1000), cacheScope: 'a', lastUsed: 1 }),
		];
		for (const costs of [still, moving, noParking]) {
			expect(place(slots, [0, 1, 700, 701], costs)?.index).toBe(1);
			expect(place(slots, [...run(20), 700], costs)).toMatchObject({ index: 0, cachedTokens: 20 });
		}
	});

	it('finds none when all are busy', () => {
		expect(place([slot(0, { isBusy: true })], [1])).toBeNull();
	});

	it('copies what pays from a busy slot into an empty one, and a few tokens never', () => {
		const busy = (count: number) => [slot(0, { tokens: run(count), cacheScope: 'a', isBusy: true }), slot(1)];
		const copied = { index: 1, cachedTokens: 100, prefix: { from: 'slot', index: 0 } };
		expect(place(busy(100), run(120), moving)).toEqual(copied);
		expect(place(busy(LEAST_COPIED_TOKENS - 1), run(120), { ...moving, copyMs: 0 })?.cachedTokens).toBe(0);
		expect(place(busy(100), run(120), { ...moving, copyMs: 200 })?.cachedTokens).toBe(0);
		expect(place(busy(100), run(120), still)?.cachedTokens).toBe(0);
	});

	it('counts what a busy slot will have read', () => {
		const reading = slot(0, { tokens: run(10), arriving: run(90, 10), cacheScope: 'a', isBusy: true });
		expect(place([reading, slot(1)], [...run(80), 900, 901], moving)).toEqual({
			index: 1,
			cachedTokens: 80,
			prefix: { from: 'slot', index: 0 },
		});
	});

	it('waits for no short prefix that is still being read', () => {
		const reading = (read: number) =>
			slot(0, { tokens: run(read), arriving: run(90, read), cacheScope: 'a', isBusy: true });
		const prompt = [...run(LEAST_SHARED_TOKENS - 1), 900, 901];
		expect(place([reading(4), slot(1)], prompt, moving)?.cachedTokens).toBe(0);
		expect(place([reading(40), slot(1)], prompt, moving)?.cachedTokens).toBe(LEAST_SHARED_TOKENS - 1);
	});

	it('finds a short prompt that is asked again', () => {
		const slots = [slot(0, { tokens: run(90), cacheScope: 'a', lastUsed: 1 }), slot(1, { lastUsed: 2 })];
		expect(place(slots, [...run(20), 900], moving)).toMatchObject({ index: 0, cachedTokens: 20 });
		expect(place(slots, [...run(4), 900, 901, 902, 903], moving)).toMatchObject({ index: 1, cachedTokens: 0 });
	});

	it('leaves a conversation whole where another that begins alike finds an empty slot', () => {
		const slots = [slot(0, { tokens: run(400), cacheScope: 'a', lastUsed: 1 }), slot(1, { lastUsed: 2 })];
		expect(place(slots, [...run(200), 900], noParking)).toMatchObject({ index: 1, cachedTokens: 200 });
		expect(place(slots, run(401), noParking)).toMatchObject({ index: 0, cachedTokens: 400, prefix: { from: 'own' } });
	});

	it('brings back what was parked, in the place of what was used longest ago', () => {
		const slots = [
			slot(0, { tokens: run(50, 500), cacheScope: 'a', lastUsed: 9 }),
			slot(1, { tokens: run(50, 600), cacheScope: 'a', lastUsed: 2 }),
		];
		const parked = [
			{ id: 7, tokens: run(300), cacheScope: 'a' },
			{ id: 8, tokens: run(400), cacheScope: 'b' },
		];
		expect(place(slots, run(500), moving, parked)).toEqual({
			index: 1,
			cachedTokens: 300,
			prefix: { from: 'parked', id: 7 },
		});
		expect(place(slots, run(500), noParking, parked)?.prefix).toEqual({ from: 'own' });
	});

	/** A piece more of a batch costs 192 ms in all. */
	const apart: CacheCosts = { ...moving, rows: { cutMs: 3, rowMs: 2 } };
	const talk = (index: number, lastUsed: number, changes: Partial<SlotView> = {}) =>
		slot(index, { tokens: run(50, 1000 * (index + 1)), cacheScope: 'a', lastUsed, ...changes });

	it('puts those who are busy together side by side, rather than in the slot used longest ago', () => {
		const slots = [talk(0, 1), talk(1, 2), talk(2, 9, { isBusy: true }), talk(3, 3), talk(4, 4)];
		expect(place(slots, run(20), moving)?.index).toBe(0);
		expect(place(slots, run(20), apart)?.index).toBe(1);
		const gap = [...slots.slice(0, 4), talk(4, 8, { isBusy: true })];
		expect(place(gap, run(20), apart)?.index).toBe(3);
	});

	it('takes the slot used longest ago where nobody is busy, or the neighbour holds too much to lose', () => {
		const idle = [talk(0, 5), talk(1, 2), talk(2, 9)];
		expect(place(idle, run(20), apart)?.index).toBe(1);
		const long = talk(1, 2, { tokens: run(900, 5000) });
		const slots = [talk(0, 9, { isBusy: true }), long, talk(2, 1)];
		expect(place(slots, run(20), { ...apart, moveMs: () => Number.POSITIVE_INFINITY })?.index).toBe(2);
	});

	it('moves a conversation beside those who are busy where a copy is cheap, and leaves it in its place where it is not', () => {
		const slots = [talk(0, 1), talk(1, 2), talk(2, 3), talk(3, 9, { isBusy: true })];
		const next = [...run(50, 1000), 7, 8];
		expect(place(slots, next, apart)).toEqual({ index: 2, cachedTokens: 50, prefix: { from: 'slot', index: 0 } });
		for (const copyMs of [500, Number.POSITIVE_INFINITY])
			expect(place(slots, next, { ...apart, copyMs, promptTokenMs: 10 })).toEqual({
				index: 0,
				cachedTokens: 50,
				prefix: { from: 'own' },
			});
	});

	it('never offers more than a true prefix of the same scope', () => {
		const token = fc.nat(1);
		const tokens = fc.array(token, { maxLength: 80 });
		const scope = fc.constantFrom('a', 'b', null);
		const anySlot = fc.record({
			tokens,
			arriving: tokens,
			cacheScope: scope,
			isBusy: fc.boolean(),
			mayContinue: fc.boolean(),
			lastUsed: fc.nat(),
		});
		const views = fc.array(anySlot, { maxLength: 6 });
		const shelves = fc.array(fc.record({ tokens, cacheScope: fc.constantFrom('a', 'b') }), { maxLength: 4 });
		fc.assert(
			fc.property(views, shelves, fc.array(token, { minLength: 1, maxLength: 90 }), (slotViews, shelf, prompt) => {
				const slots = slotViews.map((view, index) => ({ ...view, index, arriving: view.isBusy ? view.arriving : [] }));
				const parked = shelf.map((view, id) => ({ ...view, id }));
				const free = slots.filter(({ isBusy }) => !isBusy);
				for (const costs of [still, moving, noParking, apart]) {
					const placement = place(slots, prompt, costs, parked);
					expect(placement === null).toBe(free.length === 0);
					if (placement === null) continue;
					const { index, cachedTokens, prefix } = placement;
					expect(slots[index]?.isBusy).toBe(false);
					expect(cachedTokens).toBeLessThan(prompt.length);
					const from = prefix.from === 'own' ? index : prefix.from === 'slot' ? prefix.index : -1;
					const holder = prefix.from === 'parked' ? parked[prefix.id] : slots[from];
					const held = [...(holder?.tokens ?? []), ...(slots[from]?.arriving ?? [])];
					expect(held.slice(0, cachedTokens)).toEqual(prompt.slice(0, cachedTokens));
					if (cachedTokens > 0) expect(holder?.cacheScope).toBe('a');
					if (prefix.from === 'slot') expect(prefix.index).not.toBe(index);
					if (prefix.from === 'own' && holder?.cacheScope === 'a')
						expect(cachedTokens).toBe(Math.min(commonPrefix(holder.tokens, prompt), prompt.length - 1));
				}
			}),
		);
	});
});
