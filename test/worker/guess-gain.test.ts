import { describe, expect, it } from 'vitest';
import { createGuessGain } from '../../src/worker/guess-gain.ts';

/** Steps of which plain ones take 10 ms a token; the share of them that guessed. */
function share(guessing: { ms: number; tokens: number }, steps = 400, streams = 1): number {
	const gain = createGuessGain();
	let guessedSteps = 0;
	for (let step = 0; step < steps; step++) {
		const guessed = gain.pays(streams);
		if (guessed) guessedSteps++;
		gain.observe(guessed ? { streams, guessed, ...guessing } : { streams, guessed, ms: 10 * streams, tokens: streams });
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

	it('is known for each number of streams by itself', () => {
		const gain = createGuessGain();
		for (let step = 0; step < 12; step++) {
			gain.observe({ streams: 1, ms: 10, tokens: 1, guessed: false });
			gain.observe({ streams: 1, ms: 10, tokens: 4, guessed: true });
		}
		expect(gain.pays(1)).toBe(true);
		expect(gain.pays(8)).toBe(false);
	});

	it('is found out anew when things change', () => {
		const gain = createGuessGain();
		let late = 0;
		for (let step = 0; step < 2000; step++) {
			const guessed = gain.pays(1);
			const tokens = guessed && step > 500 ? 4 : 1;
			gain.observe({ streams: 1, ms: guessed ? 15 : 10, tokens, guessed });
			if (guessed && step >= 1500) late++;
		}
		expect(late).toBeGreaterThan(450);
	});
});
