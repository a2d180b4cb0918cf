import { complement, intersectRanges } from './code-points.ts';
import { charClass, choice, EMPTY, type Expression, sequence } from './expression.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { anyString, PLAIN_RANGES, quoted } from './json-text.ts';

type Trie = { isName: boolean; next: Map<number, Trie> };

/**
 * Keys that are none of these names: a second member of one name would undo the first. They are written without
 * escapes, since an escaped letter would spell a name in disguise.
 */
export function keysExcept(names: readonly string[], grammar: GrammarBuilder): Expression {
	if (names.length === 0) return anyString(grammar);
	const root: Trie = { isName: false, next: new Map() };
	for (const name of names) {
		let node = root;
		for (const character of name) {
			const code = character.codePointAt(0) ?? 0;
			const next = node.next.get(code) ?? { isName: false, next: new Map() };
			node.next.set(code, next);
			node = next;
		}
		node.isName = true;
	}
	const rest = grammar.share('key-rest', { kind: 'repeat', item: charClass(...PLAIN_RANGES), min: 0, max: null });

	function from(node: Trie): Expression {
		const codes = [...node.next.keys()];
		const others = intersectRanges(complement(codes.map((code) => [code, code] as const)), PLAIN_RANGES);
		const onTheWay = codes
			.filter((code) => intersectRanges([[code, code]], PLAIN_RANGES).length > 0)
			.map((code) => {
				const child = node.next.get(code) ?? { isName: false, next: new Map() };
				return sequence(charClass([code, code]), from(child));
			});
		const end = node.isName ? [] : [EMPTY];
		return grammar.share('key', choice(sequence(charClass(...others), rest), ...onTheWay, ...end));
	}
	return quoted(from(root));
}
