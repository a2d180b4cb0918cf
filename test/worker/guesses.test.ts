import { describe, expect, it } from 'vitest';
import { Guesses } from '../../src/worker/guesses.ts';

const loop = { prompt: [1, 2, 3, 4, 1, 2, 3], generated: [] as number[] };

describe('the guesses of a generation', () => {
	it('grow while they come true, and keep to the room that there is', () => {
		const guesses = new Guesses();
		expect(guesses.next(loop, 100)).toEqual([4, 1, 2, 3]);
		guesses.observe(4, 4);
		expect(guesses.next(loop, 100)).toHaveLength(8);
		expect(guesses.next(loop, 2)).toEqual([4, 1]);
		guesses.observe(8, 2);
		expect(guesses.next(loop, 100)).toHaveLength(3);
	});

	it('pause after a wrong one, longer each time, and start anew after a right one', () => {
		const guesses = new Guesses();
		const silentSteps = () => {
			let steps = 0;
			while (guesses.next(loop, 4).length === 0) steps++;
			return steps;
		};
		const pauses: number[] = [];
		for (let round = 0; round < 8; round++) {
			guesses.observe(4, 0);
			pauses.push(silentSteps());
		}
		expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 64]);
		guesses.observe(4, 1);
		guesses.observe(4, 0);
		expect(silentSteps()).toBe(1);
	});
});
