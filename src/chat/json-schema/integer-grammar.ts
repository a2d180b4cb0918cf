import { charClass, choice, EMPTY, type Expression, NOTHING, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { anyInteger } from './json-text.ts';

/** Where a bound is missing the grammar stops at so many digits: a double holds them exactly. */
const DIGITS = 15;
/** A remainder is kept for every digit and multiple: fewer digits do. */
const DIGITS_OF_MULTIPLES = 9;

export type IntegerBounds = { min: number | null; max: number | null; multipleOf: number };

/** Decimal integers in min..max that are multiples, exactly. Bounds are integers. */
export function integerGrammar({ min, max, multipleOf }: IntegerBounds, grammar: GrammarBuilder): Expression {
	if (min === null && max === null && multipleOf === 1) return anyInteger(grammar);
	const limit = 10 ** (multipleOf === 1 ? DIGITS : DIGITS_OF_MULTIPLES) - 1;
	const low = Math.max(min ?? -limit, -Number.MAX_SAFE_INTEGER);
	const high = Math.min(max ?? limit, Number.MAX_SAFE_INTEGER);
	const positive = naturalGrammar(Math.max(low, 0), high, grammar, multipleOf);
	if (low >= 0) return positive;
	const negative = naturalGrammar(Math.max(-high, 1), -low, grammar, multipleOf);
	return choice(positive, sequence(text('-'), grammar.share('natural', negative)));
}

/** low..high without a sign; nothing when the range is empty. */
export function naturalGrammar(low: number, high: number, grammar: GrammarBuilder, multipleOf = 1): Expression {
	if (low > high) return NOTHING;
	const options: Expression[] = [];
	const known = new Map<string, Expression>();
	/** Lengths of which every number is in range, to be written as one. */
	const free: { min: number; max: number }[] = [];
	for (let length = String(low).length; length <= String(high).length; length++) {
		const first = length === 1 ? 0 : 10 ** (length - 1);
		const last = Math.min(10 ** length - 1, Number.MAX_SAFE_INTEGER);
		if (multipleOf === 1 && length > 1 && low <= first && high >= last && last === 10 ** length - 1) {
			free[0] = { min: free[0]?.min ?? length - 1, max: length - 1 };
			continue;
		}
		const bounds = { least: String(Math.max(low, first)), most: String(Math.min(high, last)) };
		options.push(digitsBetween(bounds, multipleOf, grammar, known));
	}
	for (const lengths of free) {
		options.push(sequence(charClass([0x31, 0x39]), { kind: 'repeat', item: charClass([0x30, 0x39]), ...lengths }));
	}
	return choice(...options);
}

/** Digit strings of one length between two of that length, whose value has no remainder. */
function digitsBetween(
	bounds: { least: string; most: string },
	multipleOf: number,
	grammar: GrammarBuilder,
	known: Map<string, Expression>,
): Expression {
	return from(bounds.least, bounds.most, bounds.least.length, 0);

	function from(least: string | null, most: string | null, remaining: number, remainder: number): Expression {
		if (remaining === 0) return remainder === 0 ? EMPTY : NOTHING;
		if (least === null && most === null && multipleOf === 1) {
			return { kind: 'repeat', item: charClass([0x30, 0x39]), min: remaining, max: remaining };
		}
		const key = `${least}/${most}/${remaining}/${remainder}`;
		const found = known.get(key);
		if (found !== undefined) return found;
		const first = least === null ? 0 : Number(least[0]);
		const last = most === null ? 9 : Number(most[0]);
		const options = byDigit(first, last, (digit) =>
			from(
				least !== null && digit === first ? least.slice(1) : null,
				most !== null && digit === last ? most.slice(1) : null,
				remaining - 1,
				(remainder * 10 + digit) % multipleOf,
			),
		);
		const made = isNothing(options) ? NOTHING : grammar.share('digits', options);
		known.set(key, made);
		return made;
	}
}

/** Digits first..last, each with what follows it; neighbours with the same continuation share a class. */
export function byDigit(first: number, last: number, follow: (digit: number) => Expression): Expression {
	const runs: { first: number; last: number; rest: Expression; key: string }[] = [];
	for (let digit = first; digit <= last; digit++) {
		const rest = follow(digit);
		if (isNothing(rest)) continue;
		const key = rest.kind === 'rule' ? rest.name : JSON.stringify(rest);
		const before = runs.at(-1);
		if (before !== undefined && before.key === key && before.last === digit - 1) before.last = digit;
		else runs.push({ first: digit, last: digit, rest, key });
	}
	return choice(...runs.map((run) => sequence(charClass([0x30 + run.first, 0x30 + run.last]), run.rest)));
}

export function isNothing(expression: Expression): boolean {
	return expression.kind === 'choice' && expression.options.length === 0;
}
