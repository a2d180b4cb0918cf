import type { ChatRequest } from '../protocol/chat-request.ts';
import type { Grammar } from '../protocol/worker-api.ts';
import { compileOnce } from './compile-once.ts';
import {
	compileJsonSchema,
	jsonObjectGrammar,
	RESPONSE_SCHEMA_PARAM,
	responseExpression,
} from './json-schema/compile-json-schema.ts';
import { anyObject } from './json-schema/json-text.ts';
import { type ToolGrammarOptions, toolCallGrammar } from './tool-calls/tool-call-grammar.ts';
import type { ToolFormat } from './tool-calls/tool-format.ts';
import { toolsInPlay } from './tools-in-play.ts';

/**
 * What binds the answer: calls of the functions that there are, the form that `response_format` asks for, or one of
 * both; null where it is free. The thought always is. Throws RetortError 400 that names the keyword of a schema which
 * cannot be honoured.
 */
export function answerGrammar(request: ChatRequest, format: ToolFormat): Grammar | null {
	const tools = toolsInPlay(request);
	if (tools.length === 0) return responseGrammar(request);
	const options: ToolGrammarOptions = {
		format,
		tools,
		toolChoice: request.tool_choice ?? 'auto',
		isParallel: request.parallel_tool_calls !== false,
	};
	const content = responseContent(request);
	const key = [format.kind, format.opensWithToken, { ...options, format: null }, request.response_format ?? null];
	return compileOnce(key, 'tools', () => toolCallGrammar(content === null ? options : { ...options, content }));
}

function responseGrammar(request: ChatRequest): Grammar | null {
	const { response_format: format } = request;
	if (format === undefined || format.type === 'text') return null;
	const schema = schemaOf(request);
	return compileOnce(format, RESPONSE_SCHEMA_PARAM, () => ({
		gbnf: schema === undefined ? jsonObjectGrammar() : compileJsonSchema(schema),
		triggerToken: null,
	}));
}

function responseContent(request: ChatRequest): Required<ToolGrammarOptions>['content'] | null {
	if ((request.response_format?.type ?? 'text') === 'text') return null;
	const schema = schemaOf(request);
	return schema === undefined ? anyObject : responseExpression(schema);
}

function schemaOf({ response_format: format }: ChatRequest): Record<string, unknown> | undefined {
	return format?.type === 'json_schema' ? format.json_schema.schema : undefined;
}
