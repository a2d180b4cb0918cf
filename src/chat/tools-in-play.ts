import type { ChatRequest } from '../protocol/chat-request.ts';
import type { ChatTool } from '../protocol/chat-tools.ts';
import type { AnswerParser } from './answer-parser.ts';
import { createToolCallParser } from './tool-calls/tool-call-parser.ts';
import type { ToolFormat } from './tool-calls/tool-format.ts';

/** The functions that the answer may call. */
export function toolsInPlay({ tools = [], tool_choice: choice }: ChatRequest): readonly ChatTool[] {
	return choice === 'none' ? [] : tools;
}

/** Makes a parser for each choice of the answer; null where there is nothing to call. */
export function answerParserOf(request: ChatRequest, format: ToolFormat): (() => AnswerParser) | null {
	const tools = toolsInPlay(request);
	if (tools.length === 0) return null;
	const names = new Set(tools.map((tool) => tool.function.name));
	const isBound = (request.tool_choice ?? 'auto') !== 'auto' || (request.response_format?.type ?? 'text') !== 'text';
	return () => createToolCallParser({ format, names, newId, isBound });
}

function newId(): string {
	return `call_${Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('hex')}`;
}
