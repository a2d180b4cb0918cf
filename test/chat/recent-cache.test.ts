import { expect, test } from 'vitest';
import { createRecentCache } from '../../src/chat/recent-cache.ts';

test('what was used last stays, what was used longest ago goes', () => {
	const cache = createRecentCache<number>(64);
	cache.set('aaaa', 1);
	for (let index = 0; index < 15; index++) cache.set(`b${index}`.padEnd(4, '.'), index);
	expect(cache.get('aaaa')).toBe(1);
	cache.set('cccc', 3);
	expect(cache.get('aaaa')).toBe(1);
	expect(cache.get('b0..')).toBeUndefined();
	expect(cache.get('cccc')).toBe(3);
});

test('a key that would take the room of many is not kept', () => {
	const cache = createRecentCache<number>(64);
	cache.set('x'.repeat(5), 1);
	expect(cache.get('x'.repeat(5))).toBeUndefined();
});

test('values that are larger than their keys count as what they are', () => {
	const cache = createRecentCache<string>(64, (key, value) => key.length + value.length);
	for (let index = 0; index < 40; index++) cache.set(String(index).padEnd(2), 'vv');
	expect(cache.get('23')).toBeUndefined();
	expect(cache.get('24')).toBe('vv');
	cache.set('k', 'v'.repeat(4));
	expect(cache.get('k')).toBeUndefined();
});
