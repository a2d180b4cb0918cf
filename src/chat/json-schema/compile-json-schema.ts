import type { RetortError } from '../../errors.ts';
import { checkSize } from './check-size.ts';
import type { Expression } from './expression.ts';
import { createGrammarBuilder, type GrammarBuilder } from './grammar-builder.ts';
import { anyObject } from './json-text.ts';
import { LIMITS } from './limits.ts';
import { unsupported } from './refuse.ts';
import { createSchemaReader } from './schema-reader.ts';
import { createCompiler } from './value-grammar.ts';

export const RESPONSE_SCHEMA_PARAM = 'response_format.json_schema.schema';

/**
 * A JSON Schema (2020-12, and what earlier drafts and OpenAPI 3.0 write differently) as GBNF for llama.cpp: every text
 * that the grammar allows is JSON that validates. Throws RetortError 400 that names the keyword which cannot be
 * honoured, `param` being where the schema stands in the request.
 */
export function compileJsonSchema(schema: unknown, param: string = RESPONSE_SCHEMA_PARAM): string {
	return printGrammar(param, (grammar) => schemaExpression(schema, param, grammar));
}

/** Any JSON object: `response_format: {"type": "json_object"}`. */
export function jsonObjectGrammar(): string {
	return printGrammar('response_format', anyObject);
}

/** A schema as a part of a larger grammar; `also` has to hold too, and holds no references. */
export function schemaExpression(
	schema: unknown,
	param: string,
	grammar: GrammarBuilder,
	also?: Readonly<Record<string, unknown>>,
): Expression {
	checkSize(schema, param);
	const root = { schema, path: param };
	const more = also === undefined ? [] : [{ schema: also, path: `${param}~` }];
	return createCompiler(createSchemaReader(root), grammar).ruleFor([root, ...more]);
}

/** The grammar part of `response_format`, for an answer that may call tools instead. */
export function responseExpression(schema: unknown): (grammar: GrammarBuilder) => Expression {
	return (grammar) => schemaExpression(schema, RESPONSE_SCHEMA_PARAM, grammar);
}

/** Throws RetortError 400 when the grammar grows too large, or matches no text at all. */
export function printGrammar(param: string, build: (grammar: GrammarBuilder) => Expression): string {
	const tooComplex = (): RetortError => unsupported(param, 'is too complex');
	const grammar = createGrammarBuilder(tooComplex);
	const printed = grammar.print(build(grammar));
	if (printed === null) throw unsupported(param, 'is met by no value');
	if (printed.length > LIMITS.characters) throw tooComplex();
	return printed;
}
