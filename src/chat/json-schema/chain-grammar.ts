import type { CompilerContext } from './compiler-context.ts';
import { choice, EMPTY, type Expression, NOTHING, optional, rule, sequence } from './expression.ts';
import { COMMA } from './json-text.ts';

export type ChainLink = { body: Expression; isRequired: boolean };

export type Chain = {
	links: readonly ChainLink[];
	/** What may follow the links, any number of times. */
	extra: Expression | null;
	min: number;
	max: number | null;
	/** Whether two of `extra` may be one and the same to whoever counts. */
	extrasMayRepeat: boolean;
};

/** Links in their order, the optional ones there or not, commas between them, as many as the bounds say. */
export function chainGrammar(chain: Chain, { grammar, tooComplex }: CompilerContext): Expression {
	const { links, extra, max } = chain;
	const required = links.filter(({ isRequired }) => isRequired).length;
	const min = chain.min <= required ? 0 : chain.min;
	const isMaxFar = max === null || (extra === null && max >= links.length);
	/** Past this many it makes no difference. */
	const far = isMaxFar ? Math.max(min, 1) : max;
	if (links.length * (far + 1) > 12_000) throw tooComplex();
	const known = new Map<string, Expression>();

	/** What may follow when `count` are written and the links from `index` on are left. */
	function from(index: number, count: number): Expression {
		const key = `${index}/${count}`;
		const found = known.get(key);
		if (found !== undefined) return found;
		const name = grammar.name('members');
		known.set(key, rule(name));
		grammar.define(name, follow(index, count));
		return rule(name);
	}
	function follow(index: number, count: number): Expression {
		const comma = count === 0 ? EMPTY : COMMA;
		const link = links[index];
		if (link === undefined) return end(count, comma);
		const mayTake = isMaxFar || count < far;
		const taken = mayTake ? sequence(comma, link.body, from(index + 1, Math.min(count + 1, far))) : NOTHING;
		return link.isRequired ? taken : choice(taken, from(index + 1, count));
	}
	function end(count: number, comma: Expression): Expression {
		const missing = Math.max(0, min - count);
		if (extra === null) return missing === 0 ? EMPTY : NOTHING;
		if (chain.extrasMayRepeat && missing > 1) return NOTHING;
		if (!isMaxFar && count >= far) return missing === 0 ? EMPTY : NOTHING;
		const left = isMaxFar || max === null ? null : max - count;
		const more = grammar.share('more', sequence(COMMA, extra));
		const rest = grammar.repeat(more, Math.max(0, missing - 1), left === null ? null : left - 1);
		const extras = sequence(comma, extra, rest);
		return missing === 0 ? optional(grammar.share('extras', extras)) : extras;
	}
	return from(0, 0);
}
