import { describe, expect, it } from 'vitest';
import { TokenRepeats } from '../../src/worker/token-repeats.ts';

function textOf(...ids: number[]): TokenRepeats {
	const repeats = new TokenRepeats();
	for (const id of ids) repeats.push(id);
	return repeats;
}

describe('what may come next', () => {
	it('is what followed the last three tokens when they stood there before, the last time', () => {
		expect(textOf(1, 2, 3, 4, 5, 9, 1, 2, 3, 7, 8, 9, 1, 2, 3).guess(2)).toEqual([7, 8]);
	});

	it('is nothing while they are new', () => {
		expect(textOf(1, 2, 3, 4, 2, 3).guess(4)).toEqual([]);
		expect(textOf(1, 2).guess(4)).toEqual([]);
	});

	it('goes round in a loop past the end of the text', () => {
		expect(textOf(1, 2, 3, 1, 2, 3).guess(7)).toEqual([1, 2, 3, 1, 2, 3, 1]);
		expect(textOf(5, 5, 5, 5).guess(3)).toEqual([5, 5, 5]);
	});
});
