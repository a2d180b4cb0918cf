import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWithinShape, MAX_DEPTH } from '../../src/gateway/json-shape.ts';

function depthOf(value: unknown): number {
	if (typeof value !== 'object' || value === null) return 0;
	return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('whatever stands in strings does not count', () => {
	const text = fc.array(fc.constantFrom('[', '{', '"', '\\', '}', ']', 'x', '\n'), { maxLength: 600 });
	fc.assert(
		fc.property(text, (characters) => {
			expect(isWithinShape(JSON.stringify({ a: [characters.join('')] }))).toBe(true);
		}),
	);
});

test('a value within the depth passes, wrapped beyond it it does not', () => {
	fc.assert(
		fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
			const text = JSON.stringify(value);
			expect(isWithinShape(text)).toBe(true);
			const room = MAX_DEPTH - depthOf(value);
			expect(isWithinShape('['.repeat(room) + text + ']'.repeat(room))).toBe(true);
			expect(isWithinShape('['.repeat(room + 1) + text + ']'.repeat(room + 1))).toBe(false);
		}),
	);
});

test('more objects and arrays than any honest body has are refused', () => {
	expect(isWithinShape(`[${'[],'.repeat(250_000)}[]]`)).toBe(false);
});
