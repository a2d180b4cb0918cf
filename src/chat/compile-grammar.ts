import type { Grammar } from '../protocol/worker-api.ts';
import type { GrammarSource } from './grammar-source.ts';
import { compileJsonSchema, jsonObjectGrammar, responseExpression } from './json-schema/compile-json-schema.ts';
import { anyObject } from './json-schema/json-text.ts';
import { toolCallGrammar } from './tool-calls/tool-call-grammar.ts';

/**
 * The grammar of an answer. Throws RetortError 400 that names the keyword of a schema which cannot be honoured. Hostile
 * schemas within all limits take seconds and more: never for a thread that others wait for.
 */
export function compileGrammar({ calls, content }: GrammarSource): Grammar | null {
	if (calls === null) {
		if (content === null) return null;
		const { schema } = content;
		return { gbnf: schema === null ? jsonObjectGrammar() : compileJsonSchema(schema), triggerToken: null };
	}
	if (content === null) return toolCallGrammar(calls);
	const { schema } = content;
	return toolCallGrammar({ ...calls, content: schema === null ? anyObject : responseExpression(schema) });
}
