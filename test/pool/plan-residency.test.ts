import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLoad, planUnload, type Resident } from '../../src/pool/plan-residency.ts';

const resident = (name: string, changes: Partial<Resident> = {}): Resident => ({
	name,
	bytes: 10,
	isHeld: true,
	isBusy: false,
	lastUsedMs: 0,
	ttlMs: null,
	...changes,
});

describe('planLoad', () => {
	it('loads what fits, and everything where there is no budget', () => {
		expect(planLoad([resident('a'), resident('b', { isHeld: false })], 'b', 20)).toEqual({ type: 'load', evict: [] });
		expect(planLoad([resident('a'), resident('b', { isHeld: false })], 'b', null)).toEqual({ type: 'load', evict: [] });
	});

	it('lets the least recently used go, and no more than needed', () => {
		const models = [
			resident('new', { lastUsedMs: 30 }),
			resident('old', { lastUsedMs: 10 }),
			resident('busy', { lastUsedMs: 5, isBusy: true }),
			resident('wanted', { isHeld: false }),
		];
		expect(planLoad(models, 'wanted', 30)).toEqual({ type: 'load', evict: ['old'] });
		expect(planLoad(models, 'wanted', 20)).toEqual({ type: 'load', evict: ['old', 'new'] });
	});

	it('refuses with the numbers what does not fit beside what is in use', () => {
		const models = [
			resident('busy', { isBusy: true }),
			resident('idle'),
			resident('wanted', { isHeld: false, bytes: 15 }),
		];
		expect(planLoad(models, 'wanted', 20)).toEqual({ type: 'refuse', neededBytes: 15, budgetBytes: 20, busyBytes: 10 });
	});

	it('never evicts what is busy, and never ends above the budget', () => {
		const model = fc.record({
			bytes: fc.nat(50),
			isHeld: fc.boolean(),
			isBusy: fc.boolean(),
			lastUsedMs: fc.nat(100),
		});
		fc.assert(
			fc.property(fc.array(model, { maxLength: 8 }), fc.nat(50), fc.nat(200), (models, bytes, budget) => {
				const all = [
					...models.map((one, index) => resident(`m${index}`, one)),
					resident('wanted', { bytes, isHeld: false }),
				];
				const plan = planLoad(all, 'wanted', budget);
				if (plan.type === 'refuse') return plan.busyBytes + bytes > budget;
				const evicted = all.filter(({ name }) => plan.evict.includes(name));
				const kept = all.filter(({ name, isHeld }) => isHeld && !plan.evict.includes(name));
				const held = kept.reduce((sum, one) => sum + one.bytes, 0);
				return evicted.every(({ isBusy, isHeld }) => isHeld && !isBusy) && held + bytes <= budget;
			}),
		);
	});
});

describe('planUnload', () => {
	it('names what nobody has asked for in its time', () => {
		const models = [
			resident('due', { ttlMs: 100 }),
			resident('busy', { ttlMs: 100, isBusy: true }),
			resident('fresh', { ttlMs: 100, lastUsedMs: 50 }),
			resident('gone', { ttlMs: 100, isHeld: false }),
			resident('kept'),
		];
		expect(planUnload(models, 100)).toEqual(['due']);
	});
});
