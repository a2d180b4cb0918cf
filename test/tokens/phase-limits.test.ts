import { describe, expect, it } from 'vitest';
import { endsSentence } from '../../src/tokens/phase-limits.ts';

describe('a sentence end', () => {
	it.each(['so.', 'so.\n', 'so!"', 'so?)', '好。', 'line\n', 'line\n  '])('is %j', (text) => {
		expect(endsSentence(text)).toBe(true);
	});

	it.each(['3.', 'so', 'so,', '3.14', ''])('is not %j', (text) => {
		expect(endsSentence(text)).toBe(false);
	});
});
