import type { ChatRequest } from '../protocol/chat-request.ts';
import { RESPONSE_SCHEMA_PARAM } from './json-schema/compile-json-schema.ts';
import type { ToolGrammarOptions } from './tool-calls/tool-call-grammar.ts';
import type { ToolFormat } from './tool-calls/tool-format.ts';
import { toolsInPlay } from './tools-in-play.ts';

/** All that the grammar of an answer depends on, and nothing else: plain JSON, so that equal ones are equal texts. */
export type GrammarSource = {
	/** Where it stands in the request. */
	param: string;
	/** Calls of the functions that there are; null where there are none. */
	calls: Omit<ToolGrammarOptions, 'content'> | null;
	/** The form that `response_format` asks for, any object where it has no schema; null where the text is free. */
	content: { schema: Record<string, unknown> | null } | null;
};

/** What binds the answer: calls, a form, or one of both; null where it is free. The thought always is. */
export function grammarSourceOf(request: ChatRequest, format: ToolFormat): GrammarSource | null {
	const content = contentOf(request);
	const tools = toolsInPlay(request);
	if (tools.length === 0) return content === null ? null : { param: RESPONSE_SCHEMA_PARAM, calls: null, content };
	const calls = {
		format: { kind: format.kind, opensWithToken: format.opensWithToken },
		tools: tools.map((tool) => ({ ...tool, function: { ...tool.function, description: undefined } })),
		toolChoice: request.tool_choice ?? 'auto',
		isParallel: request.parallel_tool_calls !== false,
	};
	return { param: 'tools', calls, content };
}

function contentOf({ response_format: format }: ChatRequest): GrammarSource['content'] {
	if (format === undefined || format.type === 'text') return null;
	return { schema: (format.type === 'json_schema' ? format.json_schema.schema : undefined) ?? null };
}
