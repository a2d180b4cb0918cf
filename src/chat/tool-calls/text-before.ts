import { complement } from '../json-schema/code-points.ts';
import { charClass, choice, EMPTY, type Expression, rule, sequence } from '../json-schema/expression.ts';
import type { GrammarBuilder } from '../json-schema/grammar-builder.ts';

/**
 * Any text; where it has come to hold `mark`, `rest` has to follow, to the end. One rule for each length of the mark
 * that the text ends with (Knuth-Morris-Pratt), so that a grammar is never in two places.
 */
export function textBefore(mark: string, rest: Expression, grammar: GrammarBuilder): Expression {
	const codes = [...mark].map((character) => character.codePointAt(0) ?? 0);
	const names = codes.map(() => grammar.name('text'));
	const fallbacks = fallbackTable(codes);
	const letters = [...new Set(codes)];

	codes.forEach((_, matched) => {
		const byTarget = new Map<number, number[]>();
		for (const letter of letters) {
			const target = advance(matched, letter);
			byTarget.set(target, [...(byTarget.get(target) ?? []), letter]);
		}
		const onward = [...byTarget].map(([target, found]) =>
			sequence(
				charClass(...found.map((code) => [code, code] as const)),
				target === codes.length ? rest : follow(target),
			),
		);
		const others = complement(letters.map((code) => [code, code] as const));
		grammar.define(names[matched] ?? '', choice(sequence(charClass(...others), follow(0)), ...onward, EMPTY));
	});
	return follow(0);

	function follow(matched: number): Expression {
		return rule(names[matched] ?? '');
	}
	function advance(from: number, letter: number): number {
		let matched = from;
		while (matched > 0 && codes[matched] !== letter) matched = fallbacks[matched - 1] ?? 0;
		return codes[matched] === letter ? matched + 1 : 0;
	}
}

function fallbackTable(codes: readonly number[]): number[] {
	const table = codes.map(() => 0);
	for (let index = 1, length = 0; index < codes.length; index++) {
		while (length > 0 && codes[length] !== codes[index]) length = table[length - 1] ?? 0;
		if (codes[length] === codes[index]) length++;
		table[index] = length;
	}
	return table;
}
