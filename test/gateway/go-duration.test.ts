import { expect, test } from 'vitest';
import { goDuration } from '../../src/gateway/go-duration.ts';

test.each([
	[0, '0ms'],
	[-5, '0ms'],
	[0.2, '1ms'],
	[12, '12ms'],
	[1000, '1s'],
	[1001, '2s'],
	[60_000, '1m0s'],
	[360_000, '6m0s'],
	[3_723_000, '1h2m3s'],
])('%d ms is %s', (ms, text) => {
	expect(goDuration(ms)).toBe(text);
});
