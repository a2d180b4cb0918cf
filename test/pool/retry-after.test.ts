import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterSeconds } from '../../src/pool/retry-after.ts';

describe('retryAfterSeconds', () => {
	it('is the time that the queue takes, shared by the slots', () => {
		expect(retryAfterSeconds(7, 4, 3000)).toBe(6);
	});

	it('is a whole number from 1 to 30, always', () => {
		fc.assert(
			fc.property(fc.nat(), fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }), (length, slots, meanMs) => {
				const seconds = retryAfterSeconds(length, slots, meanMs);
				expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 30).toBe(true);
			}),
		);
	});
});
