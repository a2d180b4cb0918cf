import { describe, expect, it } from 'vitest';
import { createGuessGain } from '../../src/worker/guess-gain.ts';

/** Steps of which plain ones take 10 ms a token; the share of them that guessed. */
function share(guessing: { ms: number; tokens: number }, steps = 400): number {
	const gain = createGuessGain();
	let guessedSteps = 0;
	for (let step = 0; step < steps; step++) {
		const guessed = gain.pays();
		if (guessed) guessedSteps++;
		gain.observe(guessed ? { guessed, ...guessing } : { guessed, ms: 10, tokens: 1 });
	}
	return guessedSteps / steps;
}

describe('whether guessing pays', () => {
	it('is tried, and kept on while it gives more tokens a second', () => {
		expect(share({ ms: 15, tokens: 3 })).toBeGreaterThan(0.9);
	});

	it('is switched off where it gives fewer, but for a try now and then', () => {
		expect(share({ ms: 15, tokens: 1 })).toBeLessThan(0.1);
		expect(share({ ms: 15, tokens: 1 })).toBeGreaterThan(0.01);
	});

	it('is known after two steps that lose much', () => {
		expect(share({ ms: 40, tokens: 1 }, 30) * 30).toBe(2);
		expect(share({ ms: 11, tokens: 1 }, 30) * 30).toBe(6);
	});

	it('is found out anew when things change', () => {
		const gain = createGuessGain();
		let late = 0;
		for (let step = 0; step < 2000; step++) {
			const guessed = gain.pays();
			const tokens = guessed && step > 500 ? 4 : 1;
			gain.observe({ ms: guessed ? 15 : 10, tokens, guessed });
			if (guessed && step >= 1500) late++;
		}
		expect(late).toBeGreaterThan(450);
	});
});
