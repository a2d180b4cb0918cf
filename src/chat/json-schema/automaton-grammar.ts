import type { Automaton } from './automaton.ts';
import { intersectRanges } from './code-points.ts';
import { type CodePointRange, charClass, choice, EMPTY, type Expression, rule, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { PLAIN_RANGES } from './json-text.ts';

const SHORT_ESCAPES: Record<number, string> = {
	8: '\\b',
	9: '\\t',
	10: '\\n',
	12: '\\f',
	13: '\\r',
	34: '\\"',
	92: '\\\\',
};

/** One automaton's rules stand in a grammar once. */
const made = new WeakMap<GrammarBuilder, WeakMap<Automaton, Expression>>();

/** The inside of a JSON string whose value the automaton accepts: a rule a state, so never in two places at once. */
export function automatonGrammar(automaton: Automaton, grammar: GrammarBuilder): Expression {
	const known = made.get(grammar)?.get(automaton);
	if (known !== undefined) return known;
	const names = automaton.states.map(() => grammar.name('pattern'));
	automaton.states.forEach((state, index) => {
		const options = state.edges.map(({ ranges, target }) =>
			sequence(stringSet(ranges), rule(names[target] ?? names[0] ?? '')),
		);
		grammar.define(names[index] ?? '', choice(...options, ...(state.isAccepting ? [EMPTY] : [])));
	});
	const start = rule(names[0] ?? '');
	const ofGrammar = made.get(grammar) ?? new WeakMap<Automaton, Expression>();
	made.set(grammar, ofGrammar.set(automaton, start));
	return start;
}

/** One of these characters as it stands in a JSON string. */
function stringSet(ranges: readonly CodePointRange[]): Expression {
	const plain = intersectRanges(ranges, PLAIN_RANGES);
	const escaped: Expression[] = [];
	for (const [first, last] of ranges) {
		for (let code = first; code <= Math.min(last, 0x5c); code = code < 0x1f ? code + 1 : nextEscaped(code)) {
			if (code >= 0x20 && code !== 0x22 && code !== 0x5c) continue;
			escaped.push(text(SHORT_ESCAPES[code] ?? `\\u${code.toString(16).padStart(4, '0')}`));
		}
	}
	return choice(...(plain.length > 0 ? [charClass(...plain)] : []), ...escaped);
}

function nextEscaped(code: number): number {
	if (code < 0x22) return 0x22;
	return code < 0x5c ? 0x5c : 0x5d;
}
