import { describe, expect, it } from 'vitest';
import { quantile, spread } from '../../scripts/bench/statistics.ts';

describe('quantile', () => {
	it('interpolates between the nearest ranks and leaves its input alone', () => {
		const values = [4, 1, 3, 2];
		expect(quantile(values, 0.5)).toBe(2.5);
		expect(quantile(values, 1)).toBe(4);
		expect(quantile(values, 0)).toBe(1);
		expect(values).toEqual([4, 1, 3, 2]);
	});

	it('is null of nothing and the value itself of one', () => {
		expect(quantile([], 0.5)).toBeNull();
		expect(quantile([7], 0.99)).toBe(7);
	});
});

describe('spread', () => {
	it('gives median, least and most', () => {
		expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
		expect(spread([])).toBeNull();
	});
});
