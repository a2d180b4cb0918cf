import { charClass, choice, EMPTY, type Expression, NOTHING, optional, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { byDigit, isNothing, naturalGrammar } from './integer-grammar.ts';
import { anyNumber } from './json-text.ts';

export type Bound = { value: number; isExclusive: boolean };

/** Significant digits: two decimals of so many are never one double, so comparing digits compares what a parser sees. */
const DIGITS = 15;
const MAX_FRACTION = 10;
const LARGEST = 10 ** DIGITS - 1;

/** Decimal numbers between the bounds, exactly; without an exponent where there are bounds. */
export function numberGrammar(minimum: Bound | null, maximum: Bound | null, grammar: GrammarBuilder): Expression {
	if (minimum === null && maximum === null) return anyNumber(grammar);
	const zero: Bound = { value: 0, isExclusive: false };
	const aboveZero: Bound = { value: 0, isExclusive: true };
	const options: Expression[] = [];
	if (maximum === null || maximum.value >= 0) {
		options.push(magnitudes(minimum !== null && minimum.value >= 0 ? minimum : zero, maximum, grammar));
	}
	if (minimum === null || minimum.value < 0) {
		const low = maximum !== null && maximum.value < 0 ? negate(maximum) : aboveZero;
		const negative = magnitudes(low, minimum === null ? null : negate(minimum), grammar);
		if (!isNothing(negative)) options.push(sequence(text('-'), grammar.share('magnitude', negative)));
	}
	return choice(...options);
}

function negate({ value, isExclusive }: Bound): Bound {
	return { value: -value, isExclusive };
}

function magnitudes(low: Bound, high: Bound | null, grammar: GrammarBuilder): Expression {
	if (low.value > LARGEST) return NOTHING;
	const least = toDecimal(low.value);
	const most = high === null || high.value > LARGEST ? null : toDecimal(high.value);
	const isHighExclusive = high?.isExclusive ?? false;
	const first = Number(least.integer);
	const last = most === null ? LARGEST : Number(most.integer);
	const longest = String(last).length;
	const places = most === null ? MAX_FRACTION : Math.max(0, Math.min(MAX_FRACTION, DIGITS - longest));
	const withFraction = (integer: Expression, fraction: Expression) =>
		isNothing(fraction) ? NOTHING : sequence(integer, fraction);

	const lower = { digits: least.fraction, isExclusive: low.isExclusive };
	const upper = most === null ? null : { digits: most.fraction, isExclusive: isHighExclusive };
	if (first > last) return NOTHING;
	if (first === last) return withFraction(text(String(first)), fractions(lower, upper, places, grammar));
	const anyFraction: Expression =
		places === 0
			? EMPTY
			: optional(sequence(text('.'), { kind: 'repeat', item: charClass([0x30, 0x39]), min: 1, max: places }));
	return choice(
		withFraction(text(String(first)), fractions(lower, null, places, grammar)),
		withFraction(naturalGrammar(first + 1, last - 1, grammar), anyFraction),
		withFraction(text(String(last)), fractions(null, upper, places, grammar)),
	);
}

type FractionBound = { digits: string; isExclusive: boolean };

/** What may follow the integer digits that a bound has too: nothing, or a point and digits. */
function fractions(
	lower: FractionBound | null,
	upper: FractionBound | null,
	places: number,
	grammar: GrammarBuilder,
): Expression {
	const isHoldingBelow = (rest: string | null) => rest === null || (isZero(rest) && !lower?.isExclusive);
	const isHoldingAbove = (rest: string | null) => rest === null || !isZero(rest) || !upper?.isExclusive;
	const mayEnd = (least: string | null, most: string | null) => isHoldingBelow(least) && isHoldingAbove(most);

	/** At least one more digit. */
	function digits(least: string | null, most: string | null, left: number): Expression {
		if (left === 0) return NOTHING;
		if (least === null && most === null) return { kind: 'repeat', item: charClass([0x30, 0x39]), min: 1, max: left };
		const first = least === null ? 0 : Number(least[0] ?? 0);
		const last = most === null ? 9 : Number(most[0] ?? 0);
		const options = byDigit(first, last, (digit) => {
			const nextLeast = least !== null && digit === first ? least.slice(1) : null;
			const nextMost = most !== null && digit === last ? most.slice(1) : null;
			const isFreeBelow = nextLeast !== null && isZero(nextLeast) && !lower?.isExclusive;
			return tail(isFreeBelow ? null : nextLeast, nextMost, left - 1);
		});
		return isNothing(options) ? NOTHING : grammar.share('fraction', options);
	}
	function tail(least: string | null, most: string | null, left: number): Expression {
		const more = digits(least, most, left);
		if (!mayEnd(least, most)) return more;
		return isNothing(more) ? EMPTY : optional(more);
	}

	const least = lower === null || (isZero(lower.digits) && !lower.isExclusive) ? null : lower.digits;
	const most = upper === null ? null : upper.digits;
	const more = digits(least, most, places);
	const withPoint = isNothing(more) ? NOTHING : sequence(text('.'), more);
	if (!mayEnd(least, most)) return withPoint;
	return isNothing(withPoint) ? EMPTY : optional(withPoint);
}

function isZero(digits: string): boolean {
	return /^0*$/.test(digits);
}

/** Digits before and after the point, of a number that is not negative. */
function toDecimal(value: number): { integer: string; fraction: string } {
	const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e');
	const [whole = '0', part = ''] = mantissa.split('.');
	const shift = Number(exponent);
	if (shift >= 0) {
		const digits = part.padEnd(shift, '0');
		return { integer: whole + digits.slice(0, shift), fraction: digits.slice(shift) };
	}
	const digits = whole.padStart(1 - shift, '0');
	return { integer: digits.slice(0, shift) || '0', fraction: digits.slice(shift) + part };
}
