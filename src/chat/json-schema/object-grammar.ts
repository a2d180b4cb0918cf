import { automatonGrammar } from './automaton-grammar.ts';
import { type ChainLink, chainGrammar } from './chain-grammar.ts';
import type { CompilerContext } from './compiler-context.ts';
import { type Expression, NOTHING, sequence, text } from './expression.ts';
import type { Facts } from './facts.ts';
import { COLON, quoted } from './json-text.ts';
import { keysExcept } from './keys-except.ts';
import { LIMITS } from './limits.ts';
import { memberSchema } from './merge-facts.ts';
import { childPath, unsupported } from './refuse.ts';
import { UNBOUND } from './schema-reader.ts';
import { stringGrammar } from './string-grammar.ts';

/**
 * Objects: declared properties in the order of their declaration, then further keys, none of them a declared one.
 * Further keys are written only where the schema speaks of them, or declares nothing at all.
 */
export function objectGrammar({ members, path }: Facts, context: CompilerContext): Expression {
	const { reader, ruleFor } = context;
	const { names, properties, required, min, max } = members;
	if (max !== null && (min > max || max < required.size)) return NOTHING;
	for (const [name, value] of [
		['minProperties', min],
		['maxProperties', max ?? 0],
	] as const) {
		if (value > LIMITS.repetitions) throw unsupported(childPath(path, name), `is above ${LIMITS.repetitions}`);
	}

	const listed = listedNames(members, context);
	const keys = [...new Set([...properties.keys(), ...listed, ...required])];
	const links: ChainLink[] = [];
	for (const key of keys) {
		const isRequired = required.has(key);
		const value = reader.allows(names, key) ? ruleFor(memberSchema(members, key, reader.matches)) : NOTHING;
		const body = context.grammar.share('member', sequence(text(JSON.stringify(key)), COLON, value));
		links.push({ body, isRequired });
	}
	const extra = extraMember(members, keys, listed.length > 0, context);
	const chain = chainGrammar({ links, extra, min, max, extrasMayRepeat: true }, context);
	return sequence(text('{'), chain, text('}'));
}

/** Keys that `propertyNames` lists one by one, as zod writes a record of an enum. */
function listedNames({ names }: Facts['members'], { reader }: CompilerContext): string[] {
	const alternatives = names.length === 0 ? [] : reader.expand(names);
	if (alternatives.some(({ values }) => values === null)) return [];
	return alternatives.flatMap(({ values }) => (values ?? []).filter((value) => typeof value === 'string'));
}

/** One further member; null where none is written. */
function extraMember(
	members: Facts['members'],
	keys: readonly string[],
	areNamesListed: boolean,
	context: CompilerContext,
): Expression | null {
	const { grammar, ruleFor } = context;
	if (areNamesListed) return null;
	if (members.byPattern !== null) return patternMember(members.byPattern, members, keys, context);
	const isOpen = members.isAdditionalGiven || keys.length === 0 || members.min > keys.length;
	if (!isOpen) return null;
	const value = ruleFor(members.additional);
	const key = members.names.length === 0 ? keysExcept(keys, grammar) : namedKey(members, keys, context);
	return grammar.share('member', sequence(key, COLON, value));
}

/** A key that the pattern allows. */
function patternMember(
	pattern: NonNullable<Facts['members']['byPattern']>,
	members: Facts['members'],
	keys: readonly string[],
	{ grammar, reader, ruleFor }: CompilerContext,
): Expression | null {
	if (keys.length > 0) return null;
	if (members.names.length > 0) throw unsupported(pattern.path, "cannot be honoured beside 'propertyNames'");
	const automaton = reader.automaton([pattern.language], UNBOUND);
	if (automaton === null) throw unsupported(pattern.path, 'is too complex a pattern');
	const key = quoted(automatonGrammar(automaton, grammar));
	return grammar.share('member', sequence(key, COLON, ruleFor(pattern.value)));
}

/** A key that `propertyNames` allows. */
function namedKey(members: Facts['members'], keys: readonly string[], context: CompilerContext): Expression {
	const path = childPath(members.path, 'propertyNames');
	const [facts, ...others] = context.reader.expand(members.names);
	if (facts === undefined || !facts.types.has('string')) return NOTHING;
	if (others.length > 0) throw unsupported(path, 'has several alternatives');
	const isFree =
		facts.minLength === 0 && facts.maxLength === null && facts.patterns.length + facts.formats.length === 0;
	if (isFree) return keysExcept(keys, context.grammar);
	if (keys.length > 0) throw unsupported(path, "cannot be honoured beside 'properties'");
	return stringGrammar(facts, context);
}
