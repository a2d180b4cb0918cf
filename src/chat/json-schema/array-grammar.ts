import { allowsValue } from './allows-value.ts';
import { chainGrammar } from './chain-grammar.ts';
import type { CompilerContext } from './compiler-context.ts';
import { EMPTY, type Expression, NOTHING, sequence, text } from './expression.ts';
import type { Facts } from './facts.ts';
import { jsonEqual } from './json-equal.ts';
import { COMMA, literal } from './json-text.ts';
import { LIMITS } from './limits.ts';
import { itemSchema } from './merge-facts.ts';
import { childPath, unsupported } from './refuse.ts';

/**
 * Arrays. All of a tuple's items are written where the bounds let them, since programs that declare a tuple want it
 * whole; nothing follows them unless the schema says what, or asks for more.
 */
export function arrayGrammar({ items, path }: Facts, context: CompilerContext): Expression {
	const { grammar, ruleFor } = context;
	const { min, max, prefix } = items;
	if (max !== null && min > max) return NOTHING;
	if (min > LIMITS.repetitions) throw unsupported(childPath(path, 'minItems'), `is above ${LIMITS.repetitions}`);
	if (max !== null && max > LIMITS.repetitions) {
		throw unsupported(childPath(path, 'maxItems'), `is above ${LIMITS.repetitions}`);
	}
	if (items.unique !== null && (max === null || max > 1)) return uniqueGrammar(items, items.unique, context);

	const fixed = max === null ? prefix : prefix.slice(0, max);
	const head = fixed.flatMap((item, index) => (index === 0 ? [ruleFor(item)] : [COMMA, ruleFor(item)]));
	const isOpen = items.isRestGiven || prefix.length === 0 || min > prefix.length;
	const least = Math.max(0, min - fixed.length);
	const most = max === null ? null : max - fixed.length;
	if (!isOpen || most === 0) return array(sequence(...head));

	const item = ruleFor(items.rest);
	const more = grammar.share('more', sequence(COMMA, item));
	if (fixed.length > 0) return array(sequence(...head, grammar.repeat(more, least, most)));
	const filled = sequence(item, grammar.repeat(more, Math.max(0, least - 1), most === null ? null : most - 1));
	if (least > 0) return array(filled);
	return array({ kind: 'repeat', item: grammar.share('items', filled), min: 0, max: 1 });
}

function array(body: Expression): Expression {
	return sequence(text('['), body === EMPTY ? EMPTY : body, text(']'));
}

/** Different items out of a list: in the list's order, which says the same of a set. */
function uniqueGrammar(items: Facts['items'], path: string, context: CompilerContext): Expression {
	if (items.prefix.length > 0) throw unsupported(path, "is honoured only where 'items' lists its values");
	const alternatives = context.reader.expand(itemSchema(items, 0));
	const values: unknown[] = [];
	for (const facts of alternatives) {
		const found = facts.values ?? (isOnlyBoolean(facts.types) ? [true, false] : null);
		if (found === null) throw unsupported(path, "is honoured only where 'items' lists its values");
		for (const value of found) {
			if (allowsValue(facts, value, context.reader) && !values.some((other) => jsonEqual(value, other)))
				values.push(value);
		}
	}
	const links = values.map((value) => ({ body: literal(value), isRequired: false }));
	const chain = { links, extra: null, min: items.min, max: items.max, extrasMayRepeat: false };
	return array(chainGrammar(chain, context));
}

function isOnlyBoolean(types: Facts['types']): boolean {
	return types.size === 1 && types.has('boolean');
}
