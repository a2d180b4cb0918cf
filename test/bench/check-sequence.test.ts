import { describe, expect, it } from 'vitest';
import { sequenceFault } from '../../scripts/bench/check-sequence.ts';

describe('sequenceFault', () => {
	it('finds nothing wrong with a whole sequence', () => {
		expect(sequenceFault('t0 t1 t2 ', 3)).toBeNull();
	});

	it.each([
		['lost', 't0 t2', 3],
		['repeated', 't0 t1 t1', 3],
		['reordered', 't1 t0', 2],
		['missing at the end', 't0 t1', 3],
	])('tells when a token was %s', (_name, content, tokens) => {
		expect(sequenceFault(content, tokens)).not.toBeNull();
	});
});
