import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLoopDetector } from '../../src/tokens/loop-detector.ts';

function firstLoop(ids: readonly number[]): number {
	const detector = createLoopDetector();
	return ids.findIndex((id) => detector.push(id));
}

describe('the loop detector', () => {
	it('finds a repeated n-gram of any length up to its limit', () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 128 }), fc.array(fc.nat(1000), { maxLength: 200 }), (period, prefix) => {
				const circle = Array.from({ length: Math.max(period * 5, period + 100) }, (_, n) => 5000 + (n % period));
				const found = firstLoop([...prefix, ...circle]);
				expect(found).toBe(prefix.length + period + Math.max(60, period * 3) - 1);
			}),
		);
	});

	it('takes no short repetition and no changing text for a loop', () => {
		expect(firstLoop(Array.from({ length: 60 }, () => 7))).toBe(-1);
		expect(firstLoop(Array.from({ length: 4000 }, (_, n) => (n * n) % 9973))).toBe(-1);
	});
});
