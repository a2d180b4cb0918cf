import { isEmpty } from './automaton.ts';
import { automatonGrammar } from './automaton-grammar.ts';
import type { CompilerContext } from './compiler-context.ts';
import { type Expression, NOTHING } from './expression.ts';
import type { Facts } from './facts.ts';
import { anyString, quoted, stringCharacter } from './json-text.ts';
import { LIMITS } from './limits.ts';
import { type Language, patternLength } from './pattern-syntax.ts';
import { childPath, unsupported } from './refuse.ts';
import { UNBOUND } from './schema-reader.ts';

/** A pattern costs its states once a character of maxLength, where it does not bound the length by itself. */
const SHORTER_LIMITS = [256, 128, 64, 32];

type StringFacts = Pick<Facts, 'minLength' | 'maxLength' | 'patterns' | 'formats' | 'path'>;

/** Strings of the right length, in code points, that match every pattern and format. */
export function stringGrammar(facts: StringFacts, { grammar, reader }: CompilerContext): Expression {
	const { minLength, maxLength, patterns, formats, path } = facts;
	if (maxLength !== null && minLength > maxLength) return NOTHING;
	for (const [name, value] of [
		['minLength', minLength],
		['maxLength', maxLength ?? 0],
	] as const) {
		if (value > LIMITS.repetitions) throw unsupported(childPath(path, name), `is above ${LIMITS.repetitions}`);
	}
	if (patterns.length + formats.length === 0) {
		if (minLength === 0 && maxLength === null) return anyString(grammar);
		return grammar.share('string', quoted(grammar.repeat(stringCharacter(grammar), minLength, maxLength)));
	}
	const byPattern = patterns.map(({ language }) => language);
	const byFormat = formats.map(({ language }) => language);
	/** Exact where that fits; else shorter strings alone, which the schema allows as well. */
	const build = (languages: readonly Language[]) => {
		const states = reader.automaton(languages, UNBOUND)?.states.length;
		for (const limit of [maxLength, ...SHORTER_LIMITS]) {
			const isShorter = limit !== maxLength;
			if (isShorter && (limit === null || maxLength === null || limit >= maxLength || limit < minLength)) continue;
			const bounds = neededBounds(languages, minLength, limit);
			// Hopeless ones cost as much as those that fit.
			const length = bounds.maxLength ?? bounds.minLength;
			if (states === undefined || states * length > LIMITS.automatonStates * 2) continue;
			const automaton = reader.automaton(languages, bounds);
			if (automaton !== null && !(isShorter && isEmpty(automaton))) return automaton;
		}
		const at = patterns[0]?.path ?? formats[0]?.path ?? path;
		throw unsupported(at, 'is too complex, or too long with its length bounds');
	};
	const all = build([...byPattern, ...byFormat]);
	// zod writes `format: "time"` beside a pattern without the zone that RFC 3339 wants: the pattern is what it checks.
	const automaton = isEmpty(all) && byPattern.length > 0 && byFormat.length > 0 ? build(byPattern) : all;
	return isEmpty(automaton) ? NOTHING : grammar.share('string', quoted(automatonGrammar(automaton, grammar)));
}

/** The bounds that the patterns do not keep by themselves: each costs a state a character. */
function neededBounds(languages: readonly Language[], minLength: number, maxLength: number | null) {
	const lengths = languages.flatMap(({ must }) => must).map(patternLength);
	const shortest = Math.max(0, ...lengths.map(({ min }) => min));
	const longest = Math.min(...lengths.map(({ max }) => max ?? Number.POSITIVE_INFINITY));
	return {
		minLength: minLength <= shortest ? 0 : minLength,
		maxLength: maxLength !== null && longest <= maxLength ? null : maxLength,
	};
}
