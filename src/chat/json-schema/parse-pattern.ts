import { ALL, complement, normalise } from './code-points.ts';
import type { CodePointRange } from './expression.ts';
import { EMPTY_PATTERN, type Language, type Pattern } from './pattern-syntax.ts';

/** What of ECMA-262's syntax is not read here, in words for the client. */
export class PatternRefusal {
	readonly why: string;
	constructor(why: string) {
		this.why = why;
	}
}

const MAX_NESTING = 40;
const MAX_COUNT = 1_000;

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

const ANYTHING: Pattern = { kind: 'repeat', item: { kind: 'set', ranges: ALL }, min: 0, max: null };

/**
 * Reads the regular part of ECMA-262 patterns (unicode mode): `^` and `$` at the ends, look-aheads at the start.
 * A pattern without anchors matches anywhere, as JSON Schema has it. Throws PatternRefusal.
 */
export function parsePattern(source: string): Language {
	const parser = createParser([...source]);
	const branches = parser.branches(0);
	if (!parser.isAtEnd()) throw new PatternRefusal('has a parenthesis too many');
	const isPlain = branches.every(({ lookaheads }) => lookaheads.length === 0);
	if (isPlain) return { source, must: [{ kind: 'choice', options: branches.map(({ body }) => body) }], mustNot: [] };
	const [only, ...others] = branches;
	if (only === undefined || others.length > 0) throw new PatternRefusal('uses look-ahead beside an alternative');
	const bodies = (isNegative: boolean) =>
		only.lookaheads.filter((lookahead) => lookahead.isNegative === isNegative).map(({ body }) => body);
	return { source, must: [only.body, ...bodies(false)], mustNot: bodies(true) };
}

type Branch = { body: Pattern; lookaheads: { isNegative: boolean; body: Pattern }[] };

function createParser(source: readonly string[]) {
	let at = 0;
	const peek = (offset = 0) => source[at + offset];
	const looksAt = (text: string) => [...text].every((character, index) => peek(index) === character);
	function take(text: string): boolean {
		if (!looksAt(text)) return false;
		at += [...text].length;
		return true;
	}

	/** Alternatives of which each may have anchors of its own; as a whole they match a whole string. */
	function branches(depth: number): Branch[] {
		const found = [branch(depth)];
		while (take('|')) found.push(branch(depth));
		return found;
	}

	function branch(depth: number): Branch {
		const isAtStart = take('^');
		const lookaheads: Branch['lookaheads'] = [];
		while (isAtStart && (looksAt('(?=') || looksAt('(?!'))) {
			const isNegative = looksAt('(?!');
			at += 3;
			// From the start on, whatever follows: only its end may be bound.
			const inner = innerBranches(depth + 1, true).map(({ body, isAtEnd }) => (isAtEnd ? body : then(body, ANYTHING)));
			if (!take(')')) throw new PatternRefusal('has an unclosed group');
			lookaheads.push({ isNegative, body: { kind: 'choice', options: inner } });
		}
		const { body, isAtEnd } = innerBranch(depth);
		const items = [...(isAtStart ? [] : [ANYTHING]), body, ...(isAtEnd ? [] : [ANYTHING])];
		return { body: { kind: 'sequence', items }, lookaheads };
	}

	/** Of a group; at the start of the whole pattern a `^` says nothing new. */
	function innerBranches(depth: number, isAtStart = false) {
		const found: ReturnType<typeof innerBranch>[] = [];
		do {
			if (isAtStart) take('^');
			found.push(innerBranch(depth));
		} while (take('|'));
		return found;
	}

	function innerBranch(depth: number): { body: Pattern; isAtEnd: boolean } {
		const items: Pattern[] = [];
		for (let next = peek(); next !== undefined && next !== '|' && next !== ')'; next = peek()) {
			if (take('$')) {
				const after = peek();
				if (after !== undefined && after !== '|' && after !== ')') throw new PatternRefusal('uses $ before its end');
				return { body: { kind: 'sequence', items }, isAtEnd: true };
			}
			items.push(term(depth));
		}
		return { body: { kind: 'sequence', items }, isAtEnd: false };
	}

	function term(depth: number): Pattern {
		const item = atom(depth);
		const [min, max] = quantifier();
		if (min === 1 && max === 1) return item;
		take('?'); // lazy: the same strings match
		return { kind: 'repeat', item, min, max };
	}

	function quantifier(): [number, number | null] {
		if (take('*')) return [0, null];
		if (take('+')) return [1, null];
		if (take('?')) return [0, 1];
		if (peek() !== '{') return [1, 1];
		const close = source.indexOf('}', at);
		const counts = /^\{(\d{1,6})(,(\d{0,6}))?$/.exec(source.slice(at, close).join(''));
		if (close === -1 || counts === null) throw new PatternRefusal('has a { that is no repetition');
		at = close + 1;
		const min = Number(counts[1]);
		const max = counts[2] === undefined ? min : counts[3] === '' ? null : Number(counts[3]);
		if (Math.max(min, max ?? 0) > MAX_COUNT) throw new PatternRefusal(`repeats more than ${MAX_COUNT} times`);
		if (max !== null && max < min) throw new PatternRefusal('has a repetition whose bounds are out of order');
		return [min, max];
	}

	function atom(depth: number): Pattern {
		if (depth > MAX_NESTING) throw new PatternRefusal('is nested too deeply');
		if (take('(')) return group(depth);
		if (take('[')) return { kind: 'set', ranges: characterClass() };
		if (take('.')) return { kind: 'set', ranges: complement(LINE_ENDS) };
		if (take('\\')) return { kind: 'set', ranges: escapedSet() };
		const character = source[at++];
		if (character === undefined) return EMPTY_PATTERN;
		if ('*+?{}]'.includes(character)) throw new PatternRefusal(`has a ${character} out of place`);
		if (character === '^') throw new PatternRefusal('uses ^ after its start');
		return single(character);
	}

	function group(depth: number): Pattern {
		if (take('?')) {
			const isName = looksAt('<') && !looksAt('<=') && !looksAt('<!');
			if (isName) at = source.indexOf('>', at) + 1;
			else if (!take(':')) throw new PatternRefusal('uses look-around inside, or flags');
		}
		const inner = innerBranches(depth + 1);
		if (!take(')')) throw new PatternRefusal('has an unclosed group');
		if (inner.some(({ isAtEnd }) => isAtEnd)) throw new PatternRefusal('uses $ inside a group');
		return { kind: 'choice', options: inner.map(({ body }) => body) };
	}

	function characterClass(): CodePointRange[] {
		const isNegated = take('^');
		const ranges: CodePointRange[] = [];
		while (!take(']')) {
			const first = classMember();
			if (peek() !== '-' || peek(1) === ']' || peek(1) === undefined) {
				ranges.push(...first);
				continue;
			}
			take('-');
			const last = classMember();
			const from = onlyCodePoint(first);
			const to = onlyCodePoint(last);
			// In a range of classes the dash is one more member, as engines outside unicode mode have it.
			if (from === null || to === null) ranges.push(...first, [0x2d, 0x2d], ...last);
			else if (from > to) throw new PatternRefusal('has a class whose range is out of order');
			else ranges.push([from, to]);
		}
		return isNegated ? complement(ranges) : normalise(ranges);
	}

	function classMember(): readonly CodePointRange[] {
		const character = source[at++];
		if (character === undefined) throw new PatternRefusal('has an unclosed class');
		if (character !== '\\') return rangesOf(character);
		return take('b') ? [[8, 8]] : escapedSet();
	}

	/** After the backslash. */
	function escapedSet(): readonly CodePointRange[] {
		const character = source[at++];
		if (character === undefined) throw new PatternRefusal('ends in a backslash');
		const known = Object.hasOwn(CLASS_ESCAPES, character) ? CLASS_ESCAPES[character] : undefined;
		if (known !== undefined) return known;
		const control = Object.hasOwn(CONTROL_ESCAPES, character) ? CONTROL_ESCAPES[character] : undefined;
		if (control !== undefined && !(character === '0' && /\d/.test(peek() ?? ''))) return [[control, control]];
		if (character === 'x') return codePoint(2);
		if (character === 'u') return take('{') ? bracedCodePoint() : codePoint(4);
		if (/[A-Za-z0-9]/.test(character)) throw new PatternRefusal(`uses \\${character}`);
		return rangesOf(character);
	}

	function codePoint(digits: number): CodePointRange[] {
		const code = hexadecimal(source.slice(at, at + digits).join(''), digits);
		at += digits;
		if (code < 0xd800 || code > 0xdbff || digits !== 4 || !looksAt('\\u')) return [[code, code]];
		const low = hexadecimal(source.slice(at + 2, at + 6).join(''), 4);
		at += 6;
		const whole = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		return [[whole, whole]];
	}

	function bracedCodePoint(): CodePointRange[] {
		const close = source.indexOf('}', at);
		const digits = source.slice(at, close === -1 ? at : close).join('');
		at = close + 1;
		const code = hexadecimal(digits, digits.length);
		return [[code, code]];
	}

	return { branches, isAtEnd: () => at >= source.length };
}

function hexadecimal(digits: string, length: number): number {
	if (digits.length !== length || !/^[0-9A-Fa-f]{1,6}$/.test(digits)) throw new PatternRefusal('has a broken escape');
	return Number.parseInt(digits, 16);
}

function rangesOf(character: string): CodePointRange[] {
	const code = character.codePointAt(0) ?? 0;
	return [[code, code]];
}

function single(character: string): Pattern {
	return { kind: 'set', ranges: rangesOf(character) };
}

function onlyCodePoint(ranges: readonly CodePointRange[]): number | null {
	const [range, ...others] = ranges;
	return range !== undefined && others.length === 0 && range[0] === range[1] ? range[0] : null;
}

function then(first: Pattern, second: Pattern): Pattern {
	return { kind: 'sequence', items: [first, second] };
}
