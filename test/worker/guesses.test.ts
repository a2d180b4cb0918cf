import { describe, expect, it } from 'vitest';
import { Guesses } from '../../src/worker/guesses.ts';

const loop = { prompt: [1, 2, 3, 4, 1, 2, 3], generated: [] as number[] };

describe('the guesses of a generation', () => {
	it('grow while they come true, and keep to the room that there is', () => {
		const guesses = new Guesses();
		guesses.next(loop, 100);
		const loops = { ...loop, generated: [4, 1, 2] };
		expect(guesses.next(loops, 100)).toEqual([3, 4, 1]);
		guesses.observe(3, 3);
		expect(guesses.next(loops, 100)).toHaveLength(7);
		expect(guesses.next(loops, 2)).toEqual([3, 4]);
		guesses.observe(7, 7);
		expect(guesses.next(loops, 100)).toHaveLength(15);
		guesses.observe(15, 2);
		expect(guesses.next(loops, 100)).toHaveLength(3);
	});

	/** How many of the generated tokens are there when it first says what it guesses; null when it never does. */
	function speaksAfter(guesses: Guesses, generated: number[], from = 0): number | null {
		for (let count = from; count <= generated.length; count++) {
			if (guesses.next({ ...loop, generated: generated.slice(0, count) }, 4).length > 0) return count;
		}
		return null;
	}

	it('are kept silent until one of them would have come true', () => {
		expect(speaksAfter(new Guesses(), [4, 1, 2])).toBe(1);
		expect(speaksAfter(new Guesses(), [8, 9, 6])).toBeNull();
		expect(speaksAfter(new Guesses(), [9, 1, 2, 3, 4, 1, 2, 3])).toBe(6);
	});

	it('are silent again after a wrong one', () => {
		const guesses = new Guesses();
		const generated = [4, 1, 9, 1, 2, 3, 4, 1];
		expect(speaksAfter(guesses, generated)).toBe(1);
		guesses.observe(3, 1);
		expect(speaksAfter(guesses, generated, 2)).toBe(2);
		guesses.observe(3, 0);
		expect(speaksAfter(guesses, generated, 3)).toBe(7);
	});

	it('are held against all tokens of a run of steps, the last one of which counts', () => {
		expect(speaksAfter(new Guesses(), [4, 1, 2, 3, 4], 5)).toBe(5);
		expect(speaksAfter(new Guesses(), [4, 1, 2, 3, 8], 5)).toBeNull();
	});
});
