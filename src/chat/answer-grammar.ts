import type { ChatRequest } from '../protocol/chat-request.ts';
import type { Grammar } from '../protocol/worker-api.ts';
import { compileOnce } from './compile-once.ts';
import { compileJsonSchema, jsonObjectGrammar, RESPONSE_SCHEMA_PARAM } from './json-schema/compile-json-schema.ts';

/**
 * What binds the answer from its first token on; null where it is free. The thought never is. Throws RetortError 400
 * that names the keyword of a schema which cannot be honoured.
 */
export function answerGrammar(request: ChatRequest): Grammar | null {
	const format = request.response_format ?? { type: 'text' };
	if (format.type === 'text') return null;
	const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
	return compileOnce(format, RESPONSE_SCHEMA_PARAM, () => ({
		gbnf: schema === undefined ? jsonObjectGrammar() : compileJsonSchema(schema),
		triggerToken: null,
	}));
}
