import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStopDetector } from '../../src/chat/stop-detector.ts';

function run(stops: string[], deltas: string[]): { text: string; isStopped: boolean } {
	const detector = createStopDetector(stops);
	let text = '';
	for (const delta of deltas) {
		const passed = detector.push(delta);
		text += passed.text;
		if (passed.isStopped) return { text, isStopped: true };
	}
	return { text: text + detector.end(), isStopped: false };
}

/** What it should do, said slowly: the first place where a stop ends, and there the longest. */
function naive(stops: string[], text: string): { text: string; isStopped: boolean } {
	for (let end = 1; end <= text.length; end++) {
		const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop)).sort((a, b) => b.length - a.length);
		if (ending[0] !== undefined) return { text: text.slice(0, end - ending[0].length), isStopped: true };
	}
	return { text, isStopped: false };
}

test.each<[string[], string, string, boolean]>([
	[['STOP'], 'one STOP two', 'one ', true],
	[['STOP'], 'one STO', 'one STO', false],
	[['aab'], 'aaab', 'a', true],
	[['abcabd', 'bc'], 'xabcabd', 'xa', true],
	[['ab', 'b'], 'xab', 'x', true],
	[['\n\n'], 'a\nb\n\nc', 'a\nb', true],
	[['🚀'], 'go 😀🚀', 'go 😀', true],
	[[], 'anything', 'anything', false],
])('%j in %j leaves %j', (stops, text, left, isStopped) => {
	expect(run(stops, [text])).toEqual({ text: left, isStopped });
});

test('every split of every text gives what the whole text gives', () => {
	const word = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength });
	fc.assert(
		fc.property(
			fc.array(word(5), { maxLength: 4 }),
			fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 24 }),
			fc.array(fc.nat(24), { maxLength: 6 }),
			(stops, text, cuts) => {
				const at = [...new Set([0, ...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b);
				const deltas = at.slice(1).map((end, index) => text.slice(at[index], end));
				const expected = naive(stops, text);
				expect(run(stops, deltas)).toEqual(expected);
				expect(run(stops, [...text])).toEqual(expected);
			},
		),
		{ numRuns: 2000 },
	);
});

test('text is held back only as long as it may become a stop string', () => {
	const detector = createStopDetector(['STOP']);
	expect(detector.push('one ST')).toEqual({ text: 'one ', isStopped: false });
	expect(detector.push('AR')).toEqual({ text: 'STAR', isStopped: false });
	expect(detector.push('S')).toEqual({ text: '', isStopped: false });
	expect(detector.end()).toBe('S');
	expect(detector.end()).toBe('');
});

test('nothing comes out after the stop', () => {
	const detector = createStopDetector(['x']);
	detector.push('ax');
	expect(detector.push('more')).toEqual({ text: '', isStopped: true });
});

test('a million near-misses take one pass', () => {
	const stop = `${'a'.repeat(255)}b`;
	const detector = createStopDetector([stop, `${'a'.repeat(254)}c`]);
	let passed = 0;
	for (let index = 0; index < 1000; index++) passed += detector.push('a'.repeat(1000)).text.length;
	expect(passed + detector.end().length).toBe(1_000_000);
});
