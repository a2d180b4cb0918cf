import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/pool/line-splitter.ts';

function split(bytes: Uint8Array, cuts: number[]): string[] {
	const splitter = new LineSplitter(1000);
	const lines: string[] = [];
	let start = 0;
	for (const cut of [...cuts, bytes.length]) {
		lines.push(...splitter.push(bytes.subarray(start, cut)));
		start = cut;
	}
	splitter.end();
	return lines;
}

describe('LineSplitter', () => {
	const text = 'one\nzwei ü\n\n三 👩‍👩‍👧 \u2028\nend\n';
	const bytes = Buffer.from(text);
	const lines = ['one', 'zwei ü', '三 👩‍👩‍👧 \u2028', 'end'];

	it('gives the same lines for every split in two', () => {
		for (let cut = 0; cut <= bytes.length; cut += 1) expect(split(bytes, [cut])).toEqual(lines);
	});

	it('gives the same lines byte by byte', () => {
		const cuts = Array.from({ length: bytes.length }, (_, index) => index);
		expect(split(bytes, cuts)).toEqual(lines);
	});

	it('gives the same lines for any split of any text', () => {
		fc.assert(
			fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 50 })), fc.array(fc.nat(200)), (texts, cuts) => {
				const clean = texts.map((line) => line.replaceAll('\n', '')).filter((line) => line !== '');
				const whole = Buffer.from(clean.map((line) => `${line}\n`).join(''));
				const sorted = cuts.filter((cut) => cut <= whole.length).sort((left, right) => left - right);
				expect(split(whole, sorted)).toEqual(clean);
			}),
		);
	});

	it('refuses a line above the limit before it is complete', () => {
		const splitter = new LineSplitter(10);
		splitter.push(Buffer.from('12345'));
		expect(() => splitter.push(Buffer.from('678901'))).toThrow(expect.objectContaining({ code: 'worker_crashed' }));
	});

	it('refuses bytes that are not UTF-8', () => {
		const splitter = new LineSplitter(10);
		expect(() => splitter.push(Uint8Array.of(0xc3, 0x28, 0x0a))).toThrow(
			expect.objectContaining({ code: 'worker_crashed' }),
		);
	});

	it('tells a stream that ends within a line', () => {
		const splitter = new LineSplitter(10);
		splitter.push(Buffer.from('abc'));
		expect(() => splitter.end()).toThrow(expect.objectContaining({ code: 'worker_crashed' }));
	});
});
