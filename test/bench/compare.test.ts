import { describe, expect, it } from 'vitest';
import { compareRounds } from '../../scripts/bench/compare.ts';
import { formatTable } from '../../scripts/bench/format-table.ts';
import type { Metric } from '../../scripts/bench/summarise-round.ts';

const metric = (name: string, value: number): Metric => ({ name, unit: 'ms', better: 'lower', value });

describe('compareRounds', () => {
	it('takes ratios and differences within a round, so that a slow minute hits both', () => {
		const rows = compareRounds([[metric('x', 1)], [metric('x', 10)]], [[metric('x', 2)], [metric('x', 20)]]);
		expect(rows[0]).toMatchObject({
			target: { median: 5.5, least: 1, most: 10 },
			ratio: { median: 0.5, least: 0.5, most: 0.5 },
			difference: { median: -5.5, least: -10, most: -1 },
		});
	});

	it('leaves a ratio out where the other has no figure or a zero', () => {
		const rows = compareRounds([[metric('x', 1), metric('y', 1)]], [[metric('x', 0)]]);
		expect(rows.map((row) => row.ratio)).toEqual([null, null]);
		expect(rows[1]?.against).toBeNull();
	});
});

describe('formatTable', () => {
	it('shows medians with their range, side by side with a ratio', () => {
		const rows = compareRounds([[metric('x', 1)], [metric('x', 3)]], [[metric('x', 2)], [metric('x', 2)]]);
		expect(formatTable(rows, { target: 'a', against: 'b' })).toContain(
			'2.00 (1.00..3.00) | 2.00 | 1.00 (0.50..1.50) | 0.00 (-1.00..1.00)',
		);
		expect(formatTable(rows, { target: 'a', against: null }).split('\n')[0]).not.toContain('ratio');
	});
});
