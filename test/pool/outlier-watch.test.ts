import { describe, expect, it } from 'vitest';
import { type OutlierState, watchOutlier } from '../../src/pool/outlier-watch.ts';

/** `.` a success, `x` a failure; where the verdict falls. */
function verdictAt(outcomes: string): number | null {
	let state: OutlierState = [];
	for (const [index, outcome] of [...outcomes].entries()) {
		const step = watchOutlier(state, outcome === 'x');
		if (step.isOutlier) return index + 1;
		state = step.state;
	}
	return null;
}

describe('watchOutlier', () => {
	it.each([
		['xxxxx', 5],
		['xxxx.xxxx', null],
		['..................xx', null],
		['x..x..x..x..x.......', null],
		['x..x..x..x..x..x....', 20],
		['x..x..x..x..x..x..', null],
		[`${'.'.repeat(100)}xxxxx`, 105],
	])('of %s the verdict falls at %s', (outcomes, at) => {
		expect(verdictAt(outcomes)).toBe(at);
	});
});
