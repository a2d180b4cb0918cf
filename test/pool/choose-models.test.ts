import { describe, expect, it } from 'vitest';
import { chooseModels } from '../../src/pool/choose-models.ts';

const none = { routes: {}, fallbacks: {} };
const canary = (next: number) => ({ routes: { r1: { 'r1-7b': 1 - next, 'r1-7b-next': next } }, fallbacks: {} });
const keys = Array.from({ length: 4000 }, (_, index) => `key:${index}`);

describe('chooseModels', () => {
	it('takes a name that is no route as it is', () => {
		expect(chooseModels('r1-7b', 'key:a', none)).toEqual(['r1-7b']);
		expect(chooseModels('constructor', 'key:a', none)).toEqual(['constructor']);
	});

	it('splits keys by weight, and keeps each where it is', () => {
		const toNext = keys.filter((key) => chooseModels('r1', key, canary(0.1))[0] === 'r1-7b-next');
		expect(toNext.length / keys.length).toBeGreaterThan(0.08);
		expect(toNext.length / keys.length).toBeLessThan(0.12);
		expect(keys.map((key) => chooseModels('r1', key, canary(0.1)))).toEqual(
			keys.map((key) => chooseModels('r1', key, canary(0.1))),
		);
	});

	it('moves only keys at the edge when a weight grows', () => {
		const nextOf = (share: number) => keys.filter((key) => chooseModels('r1', key, canary(share))[0] === 'r1-7b-next');
		const before = nextOf(0.1);
		const after = new Set(nextOf(0.3));
		expect(before.filter((key) => !after.has(key))).toEqual([]);
		expect(after.size).toBeGreaterThan(2 * before.length);
	});

	it('appends the fallbacks of the model that was chosen, each once', () => {
		const options = { routes: { r1: { a: 1 } }, fallbacks: { a: ['b', 'c', 'a'], b: ['x'] } };
		expect(chooseModels('r1', 'k', options)).toEqual(['a', 'b', 'c']);
	});
});
