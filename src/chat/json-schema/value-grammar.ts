import { allowsValue } from './allows-value.ts';
import { arrayGrammar } from './array-grammar.ts';
import type { CompilerContext } from './compiler-context.ts';
import { choice, type Expression, rule } from './expression.ts';
import type { Conjunction, Facts, JsonType } from './facts.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { integerGrammar } from './integer-grammar.ts';
import { anyValue, BOOLEAN, literal, NULL } from './json-text.ts';
import { LIMITS } from './limits.ts';
import { numberGrammar } from './number-grammar.ts';
import { objectGrammar } from './object-grammar.ts';
import { unsupported } from './refuse.ts';
import { conjunctionKey, type SchemaReader } from './schema-reader.ts';
import { stringGrammar } from './string-grammar.ts';

/** Levels of different schemas inside each other, merged ones included: recursion proper is one rule. */
const MAX_DEPTH = 200;

/** Makes rules of schemas, each schema's once: that is what ends a recursion. */
export function createCompiler(reader: SchemaReader, grammar: GrammarBuilder): CompilerContext {
	const known = new Map<string, Expression>();
	let depth = 0;
	const tooComplex = () => unsupported(reader.path, 'is too complex');

	function ruleFor(conjunction: Conjunction): Expression {
		const meaningful = conjunction.filter(({ schema }) => schema !== true && !isEmptySchema(schema));
		if (meaningful.length === 0) return anyValue(grammar);
		const key = conjunctionKey(meaningful);
		const found = known.get(key);
		if (found !== undefined) return found;
		const name = grammar.name('schema');
		known.set(key, rule(name));
		if (++depth > MAX_DEPTH) throw tooComplex();
		grammar.define(name, choice(...reader.expand(meaningful).map((facts) => factsGrammar(facts))));
		depth--;
		return rule(name);
	}

	function factsGrammar(facts: Facts): Expression {
		if (facts.values !== null) {
			return choice(...facts.values.filter((value) => allowsValue(facts, value, reader)).map(literal));
		}
		return choice(...[...facts.types].map((type) => grammar.share(type, typeGrammar(type, facts))));
	}

	function typeGrammar(type: JsonType, facts: Facts): Expression {
		switch (type) {
			case 'null':
				return NULL;
			case 'boolean':
				return BOOLEAN;
			case 'integer':
				return facts.types.has('number') && facts.multipleOf === null
					? choice() // written as a number
					: wholeNumbers(facts, grammar);
			case 'number':
				return facts.multipleOf === null ? numberGrammar(facts.minimum, facts.maximum, grammar) : choice();
			case 'string':
				return stringGrammar(facts, context);
			case 'array':
				return arrayGrammar(facts, context);
			case 'object':
				return objectGrammar(facts, context);
		}
	}

	const context: CompilerContext = { reader, grammar, ruleFor, tooComplex };
	return context;
}

function isEmptySchema(schema: unknown): boolean {
	return typeof schema === 'object' && schema !== null && !Array.isArray(schema) && Object.keys(schema).length === 0;
}

function wholeNumbers({ minimum, maximum, multipleOf }: Facts, grammar: GrammarBuilder): Expression {
	const step = multipleOf?.value ?? 1;
	if (multipleOf !== null && (!Number.isInteger(step) || step > LIMITS.multipleOf)) {
		throw unsupported(multipleOf.path, `is honoured only for whole numbers up to ${LIMITS.multipleOf}`);
	}
	let min = minimum === null ? null : Math.ceil(minimum.value);
	if (minimum?.isExclusive && min === minimum.value) min += 1;
	let max = maximum === null ? null : Math.floor(maximum.value);
	if (maximum?.isExclusive && max === maximum.value) max -= 1;
	return integerGrammar({ min, max, multipleOf: step }, grammar);
}
