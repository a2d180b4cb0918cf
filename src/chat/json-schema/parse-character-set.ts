import { complement, normalise } from './code-points.ts';
import type { CodePointRange } from './expression.ts';
import type { PatternCursor } from './pattern-cursor.ts';
import { PatternRefusal } from './pattern-refusal.ts';

const DIGITS: CodePointRange[] = [[0x30, 0x39]];
const WORD: CodePointRange[] = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const WHITE: CodePointRange[] = [
	[0x09, 0x0d],
	[0x20, 0x20],
	[0xa0, 0xa0],
	[0x1680, 0x1680],
	[0x2000, 0x200a],
	[0x2028, 0x2029],
	[0x202f, 0x202f],
	[0x205f, 0x205f],
	[0x3000, 0x3000],
	[0xfeff, 0xfeff],
];
const LINE_ENDS: CodePointRange[] = [
	[0x0a, 0x0a],
	[0x0d, 0x0d],
	[0x2028, 0x2029],
];
const CLASS_ESCAPES: Record<string, readonly CodePointRange[]> = {
	d: DIGITS,
	D: complement(DIGITS),
	w: WORD,
	W: complement(WORD),
	s: WHITE,
	S: complement(WHITE),
};
const CONTROL_ESCAPES: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/** A dot, a class or an escape, as the characters that it stands for; null where none of them comes next. */
export function parseCharacterSet(cursor: PatternCursor): readonly CodePointRange[] | null {
	if (cursor.take('.')) return complement(LINE_ENDS);
	if (cursor.take('[')) return characterClass(cursor);
	return cursor.take('\\') ? escaped(cursor) : null;
}

export function rangesOf(character: string): CodePointRange[] {
	const code = character.codePointAt(0) ?? 0;
	return [[code, code]];
}

/** After the bracket. */
function characterClass(cursor: PatternCursor): CodePointRange[] {
	const isNegated = cursor.take('^');
	const ranges: CodePointRange[] = [];
	while (!cursor.take(']')) {
		const first = classMember(cursor);
		if (cursor.peek() !== '-' || cursor.peek(1) === ']' || cursor.peek(1) === undefined) {
			ranges.push(...first);
			continue;
		}
		cursor.take('-');
		const last = classMember(cursor);
		const from = onlyCodePoint(first);
		const to = onlyCodePoint(last);
		// In a range of classes the dash is one more member, as engines outside unicode mode have it.
		if (from === null || to === null) ranges.push(...first, [0x2d, 0x2d], ...last);
		else if (from > to) throw new PatternRefusal('has a class whose range is out of order');
		else ranges.push([from, to]);
	}
	return isNegated ? complement(ranges) : normalise(ranges);
}

function classMember(cursor: PatternCursor): readonly CodePointRange[] {
	const character = cursor.next();
	if (character === undefined) throw new PatternRefusal('has an unclosed class');
	if (character !== '\\') return rangesOf(character);
	return cursor.take('b') ? [[8, 8]] : escaped(cursor);
}

/** After the backslash. */
function escaped(cursor: PatternCursor): readonly CodePointRange[] {
	const character = cursor.next();
	if (character === undefined) throw new PatternRefusal('ends in a backslash');
	const known = Object.hasOwn(CLASS_ESCAPES, character) ? CLASS_ESCAPES[character] : undefined;
	if (known !== undefined) return known;
	const control = Object.hasOwn(CONTROL_ESCAPES, character) ? CONTROL_ESCAPES[character] : undefined;
	if (control !== undefined && !(character === '0' && /\d/.test(cursor.peek() ?? ''))) return [[control, control]];
	if (character === 'x') return only(hexadecimal(cursor.takeCount(2), 2));
	if (character === 'u') return only(cursor.take('{') ? braced(cursor) : codeUnits(cursor));
	if (/[A-Za-z0-9]/.test(character)) throw new PatternRefusal(`uses \\${character}`);
	return rangesOf(character);
}

/** One unit, or two that are a pair of surrogates. */
function codeUnits(cursor: PatternCursor): number {
	const code = hexadecimal(cursor.takeCount(4), 4);
	if (code < 0xd800 || code > 0xdbff) return code;
	const low = /^\\u(d[c-f][\da-f]{2})$/i.exec(cursor.peekCount(6))?.[1];
	if (low === undefined) return code;
	cursor.takeCount(6);
	return 0x10000 + ((code - 0xd800) << 10) + (Number.parseInt(low, 16) - 0xdc00);
}

function braced(cursor: PatternCursor): number {
	const digits = cursor.takeUntil('}') ?? '';
	return hexadecimal(digits, digits.length);
}

function hexadecimal(digits: string, length: number): number {
	if (digits.length !== length || !/^[0-9A-Fa-f]{1,6}$/.test(digits)) throw new PatternRefusal('has a broken escape');
	return Number.parseInt(digits, 16);
}

function only(code: number): CodePointRange[] {
	return [[code, code]];
}

function onlyCodePoint(ranges: readonly CodePointRange[]): number | null {
	const [range, ...others] = ranges;
	return range !== undefined && others.length === 0 && range[0] === range[1] ? range[0] : null;
}
