import type { RetortError } from '../../errors.ts';
import type { Expression } from './expression.ts';
import type { Conjunction } from './facts.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import type { SchemaReader } from './schema-reader.ts';

/** What the grammars of one schema share. */
export type CompilerContext = {
	reader: SchemaReader;
	grammar: GrammarBuilder;
	/** The rule of the values that meet these schemas. */
	ruleFor(conjunction: Conjunction): Expression;
	tooComplex(): RetortError;
};
