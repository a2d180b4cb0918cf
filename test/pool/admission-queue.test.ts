import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdmissionQueue } from '../../src/pool/admission-queue.ts';

const accept = (item: string) => item;

function drain(queue: AdmissionQueue<string>): string[] {
	const taken: string[] = [];
	for (let next = queue.take(accept); next !== null; next = queue.take(accept)) taken.push(next.item);
	return taken;
}

describe('AdmissionQueue', () => {
	it('serves one key in order', () => {
		const queue = new AdmissionQueue<string>(10);
		for (const item of ['a', 'b', 'c']) queue.enter('key', item);
		expect(drain(queue)).toEqual(['a', 'b', 'c']);
	});

	it('serves keys in turns, so that a flood waits behind itself', () => {
		const queue = new AdmissionQueue<string>(100);
		for (let index = 0; index < 50; index += 1) queue.enter('greedy', `g${index}`);
		queue.enter('one', 'a');
		queue.enter('two', 'b');
		expect(drain(queue).slice(0, 4)).toEqual(['g0', 'a', 'b', 'g1']);
	});

	it('tells how many go before, as they then do', () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }), fc.nat(5), (keys, served) => {
				const weights: Record<string, number> = { a: 1, b: 2, c: 5 };
				const queue = new AdmissionQueue<string>(100);
				const keyOf = (item: string) => item.charAt(0);
				for (const [index, key] of keys.entries()) queue.enter(key, `${key}${index}`, weights[key]);
				for (let count = 0; count < served; count += 1) queue.take(accept);
				const items = keys.map((key, index) => `${key}${index}`);
				const told = new Map(items.map((item) => [item, queue.ahead(keyOf(item), item)]));
				const order = drain(queue);
				for (const item of items) expect(told.get(item)).toBe(order.includes(item) ? order.indexOf(item) : null);
			}),
		);
	});

	it('refuses what does not fit', () => {
		const queue = new AdmissionQueue<string>(2);
		const entered = [queue.enter('k', 'a'), queue.enter('l', 'b'), queue.enter('m', 'c')];
		expect(entered.map(({ hasEntered }) => hasEntered)).toEqual([true, true, false]);
		expect(queue.length).toBe(2);
	});

	it('is never full of one key: who floods gives way, last come first', () => {
		const queue = new AdmissionQueue<string>(4);
		for (const item of ['g0', 'g1', 'g2', 'g3']) queue.enter('greedy', item);
		expect(queue.enter('one', 'a')).toEqual({ hasEntered: true, displaced: 'g3' });
		expect(['greedy', 'one', 'two'].map((key) => queue.hasRoomFor(key))).toEqual([false, true, true]);
		expect(queue.enter('two', 'b')).toEqual({ hasEntered: true, displaced: 'g2' });
		expect(queue.enter('greedy', 'g4')).toEqual({ hasEntered: false, displaced: null });
		expect(queue.enter('three', 'c')).toEqual({ hasEntered: true, displaced: 'g1' });
		expect(queue.enter('four', 'd')).toEqual({ hasEntered: false, displaced: null });
		expect(drain(queue)).toEqual(['g0', 'a', 'b', 'c']);
	});

	it('gives a key as many turns as it weighs, and as much of a full queue', () => {
		const queue = new AdmissionQueue<string>(8);
		for (let index = 0; index < 6; index += 1) queue.enter('heavy', `h${index}`, 3);
		for (let index = 0; index < 2; index += 1) queue.enter('light', `l${index}`);
		expect(queue.enter('light', 'l2')).toEqual({ hasEntered: false, displaced: null });
		expect(drain(queue)).toEqual(['h0', 'h1', 'h2', 'l0', 'h3', 'h4', 'h5', 'l1']);
	});

	it('holds nothing when its length is 0', () => {
		expect(new AdmissionQueue<string>(0).enter('k', 'a').hasEntered).toBe(false);
	});

	it('takes back a request that lost its worker ahead of the others of its key, full or not', () => {
		const queue = new AdmissionQueue<string>(1);
		queue.enter('k', 'second');
		queue.enterAgain('k', 'first');
		queue.enterAgain('l', 'other');
		expect(drain(queue)).toEqual(['first', 'other', 'second']);
	});

	it('lets go of a request that leaves, once', () => {
		const queue = new AdmissionQueue<string>(10);
		queue.enter('k', 'a');
		queue.enter('k', 'b');
		expect(queue.remove('k', 'a')).toBe(true);
		expect(queue.remove('k', 'a')).toBe(false);
		expect(queue.remove('nobody', 'a')).toBe(false);
		expect(drain(queue)).toEqual(['b']);
	});

	it('offers another key when the first in turn cannot be placed', () => {
		const queue = new AdmissionQueue<string>(10);
		queue.enter('k', 'a');
		queue.enter('l', 'b');
		expect(queue.take((item) => (item === 'b' ? item : null))).toEqual({ item: 'b', placed: 'b' });
		expect(queue.take(() => null)).toBe(null);
		expect(queue.length).toBe(1);
	});

	it('keeps count, order within keys and every item, whatever is done to it', () => {
		const operation = fc.record({
			kind: fc.constantFrom('enter', 'again', 'remove', 'take'),
			key: fc.constantFrom('a', 'b', 'c'),
		});
		fc.assert(
			fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
				const queue = new AdmissionQueue<string>(5);
				let model: { key: string; item: string }[] = [];
				for (const [index, { kind, key }] of operations.entries()) {
					const item = `${key}${index}`;
					if (kind === 'enter') {
						const { hasEntered, displaced } = queue.enter(key, item);
						if (model.length < 5) expect({ hasEntered, displaced }).toEqual({ hasEntered: true, displaced: null });
						model = model.filter((entry) => entry.item !== displaced);
						if (hasEntered) model.push({ key, item });
					} else if (kind === 'again') {
						queue.enterAgain(key, item);
						model.unshift({ key, item });
					} else if (kind === 'remove') {
						const first = model.find((entry) => entry.key === key);
						expect(queue.remove(key, first?.item ?? 'none')).toBe(first !== undefined);
						model = model.filter((entry) => entry !== first);
					} else {
						const taken = queue.take(accept);
						const ofKey = model.find((entry) => entry.key === taken?.item[0]);
						expect(taken?.item).toBe(ofKey?.item);
						model = model.filter((entry) => entry !== ofKey);
					}
					expect(queue.length).toBe(model.length);
				}
				expect(queue.takeAll().sort()).toEqual(model.map((entry) => entry.item).sort());
			}),
		);
	});
});
