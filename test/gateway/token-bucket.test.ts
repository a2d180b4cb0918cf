import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../src/gateway/token-bucket.ts';

test('a full bucket gives its limit at once and no more', () => {
	const bucket = new TokenBucket(100, 0);
	expect(bucket.take(100, 0)).toBe(true);
	expect(bucket.take(1, 0)).toBe(false);
	expect(bucket.take(1, 599)).toBe(false);
	expect(bucket.take(1, 600)).toBe(true);
});

test('a debt is paid by the refill before anything is let in', () => {
	const bucket = new TokenBucket(60, 0);
	bucket.give(-120, 0);
	expect(bucket.at(0).level).toBe(-60);
	expect(bucket.take(1, 60_000)).toBe(false);
	expect(bucket.take(1, 61_000)).toBe(true);
});

test('what comes back never lifts it over its limit', () => {
	const bucket = new TokenBucket(10, 0);
	bucket.give(50, 0);
	expect(bucket.at(0).level).toBe(10);
});

test('over any history no more is granted than the limit and its refill', () => {
	const step = fc.record({ units: fc.integer({ min: 0, max: 80 }), afterMs: fc.integer({ min: 0, max: 5000 }) });
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 200 }), fc.array(step, { maxLength: 60 }), (perMinute, steps) => {
			const bucket = new TokenBucket(perMinute, 0);
			let now = 0;
			let granted = 0;
			for (const { units, afterMs } of steps) {
				now += afterMs;
				if (bucket.take(units, now)) granted += units;
				expect(granted).toBeLessThanOrEqual(perMinute + (now * perMinute) / 60_000 + 1e-6);
			}
		}),
	);
});
