import { ALL } from './code-points.ts';
import { parseCharacterSet, rangesOf } from './parse-character-set.ts';
import { createPatternCursor } from './pattern-cursor.ts';
import { PatternRefusal } from './pattern-refusal.ts';
import { EMPTY_PATTERN, type Language, type Pattern } from './pattern-syntax.ts';

const MAX_NESTING = 40;
const MAX_COUNT = 1_000;

const ANYTHING: Pattern = { kind: 'repeat', item: { kind: 'set', ranges: ALL }, min: 0, max: null };

/**
 * Reads the regular part of ECMA-262 patterns (unicode mode): `^` and `$` at the ends, look-aheads at the start.
 * A pattern without anchors matches anywhere, as JSON Schema has it. Throws PatternRefusal.
 */
export function parsePattern(source: string): Language {
	const branches = parseBranches(source);
	const isPlain = branches.every(({ lookaheads }) => lookaheads.length === 0);
	if (isPlain) return { source, must: [{ kind: 'choice', options: branches.map(({ body }) => body) }], mustNot: [] };
	const [only, ...others] = branches;
	if (only === undefined || others.length > 0) throw new PatternRefusal('uses look-ahead beside an alternative');
	const bodies = (isNegative: boolean) =>
		only.lookaheads.filter((lookahead) => lookahead.isNegative === isNegative).map(({ body }) => body);
	return { source, must: [only.body, ...bodies(false)], mustNot: bodies(true) };
}

type Branch = { body: Pattern; lookaheads: { isNegative: boolean; body: Pattern }[] };

/** Alternatives of which each may have anchors of its own; as a whole they match a whole string. */
function parseBranches(source: string): Branch[] {
	const cursor = createPatternCursor(source);
	const { peek, take } = cursor;
	const branches = [branch()];
	while (take('|')) branches.push(branch());
	if (!cursor.isAtEnd()) throw new PatternRefusal('has a parenthesis too many');
	return branches;

	function branch(): Branch {
		const isAtStart = take('^');
		const lookaheads: Branch['lookaheads'] = [];
		while (isAtStart) {
			const isNegative = take('(?!');
			if (!isNegative && !take('(?=')) break;
			// From the start on, whatever follows: only its end may be bound.
			const inner = innerBranches(1, true).map(({ body, isAtEnd }) => (isAtEnd ? body : then(body, ANYTHING)));
			if (!take(')')) throw new PatternRefusal('has an unclosed group');
			lookaheads.push({ isNegative, body: { kind: 'choice', options: inner } });
		}
		const { body, isAtEnd } = innerBranch(0);
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
		if (!take('{')) return [1, 1];
		const counts = /^(\d{1,6})(,(\d{0,6}))?$/.exec(cursor.takeUntil('}') ?? '');
		if (counts === null) throw new PatternRefusal('has a { that is no repetition');
		const min = Number(counts[1]);
		const max = counts[2] === undefined ? min : counts[3] === '' ? null : Number(counts[3]);
		if (Math.max(min, max ?? 0) > MAX_COUNT) throw new PatternRefusal(`repeats more than ${MAX_COUNT} times`);
		if (max !== null && max < min) throw new PatternRefusal('has a repetition whose bounds are out of order');
		return [min, max];
	}

	function atom(depth: number): Pattern {
		if (depth > MAX_NESTING) throw new PatternRefusal('is nested too deeply');
		if (take('(')) return group(depth);
		const ranges = parseCharacterSet(cursor);
		if (ranges !== null) return { kind: 'set', ranges };
		const character = cursor.next();
		if (character === undefined) return EMPTY_PATTERN;
		if ('*+?{}]'.includes(character)) throw new PatternRefusal(`has a ${character} out of place`);
		if (character === '^') throw new PatternRefusal('uses ^ after its start');
		return { kind: 'set', ranges: rangesOf(character) };
	}

	function group(depth: number): Pattern {
		if (take('?') && !take(':')) groupName();
		const inner = innerBranches(depth + 1);
		if (!take(')')) throw new PatternRefusal('has an unclosed group');
		if (inner.some(({ isAtEnd }) => isAtEnd)) throw new PatternRefusal('uses $ inside a group');
		return { kind: 'choice', options: inner.map(({ body }) => body) };
	}

	/** Says nothing of what matches. */
	function groupName(): void {
		const isLookBehind = peek(1) === '=' || peek(1) === '!';
		if (!take('<') || isLookBehind) throw new PatternRefusal('uses look-around inside, or flags');
		if (cursor.takeUntil('>') === null) throw new PatternRefusal('has an unclosed group');
	}
}

function then(first: Pattern, second: Pattern): Pattern {
	return { kind: 'sequence', items: [first, second] };
}
