import { invalidRequest } from '../../errors.ts';
import { MAX_MESSAGES } from '../../protocol/chat-messages.ts';
import { type ChatRequest, parseChatRequest } from '../../protocol/chat-request.ts';
import type { ConversationItem } from '../../protocol/responses-input.ts';
import type { ResponsesRequest } from '../../protocol/responses-request.ts';
import { type Renaming, renameParam, withRenamedParams } from './rename-param.ts';

/**
 * A Responses request as the chat request that asks for the same, so that there is one path behind both. `items` is the
 * whole conversation, oldest first, with references resolved. Throws RetortError 400 in the request's own terms.
 */
export function toChatRequest(request: ResponsesRequest, items: readonly ConversationItem[]): ChatRequest {
	const messages = toMessages(items, request.instructions);
	if (messages.length > MAX_MESSAGES) {
		const message = `Invalid value for 'input': the conversation has more than ${MAX_MESSAGES} messages.`;
		throw invalidRequest('input', 'invalid_value', message);
	}
	const { reasoning, text, tools, tool_choice: choice, include, top_logprobs: topLogprobs, ...rest } = request;
	const wantsLogprobs = include?.includes('message.output_text.logprobs') === true || (topLogprobs ?? 0) > 0;
	const body = {
		...rest,
		messages,
		stream_options: undefined,
		max_completion_tokens: request.max_output_tokens,
		reasoning,
		logprobs: wantsLogprobs ? true : undefined,
		top_logprobs: wantsLogprobs ? topLogprobs : undefined,
		response_format: text?.format && toResponseFormat(text.format),
		verbosity: text?.verbosity,
		tools: tools?.map(({ type, ...described }) => ({ type, function: described })),
		tool_choice: typeof choice === 'object' ? { type: choice.type, function: { name: choice.name } } : choice,
	};
	return withRenamedParams(RENAMED, () => parseChatRequest(body));
}

function toResponseFormat(format: NonNullable<NonNullable<ResponsesRequest['text']>['format']>) {
	if (format.type !== 'json_schema') return format;
	const { type, ...schema } = format;
	return { type, json_schema: schema };
}

type Message =
	| { role: 'system' | 'developer' | 'user'; content: string }
	| { role: 'tool'; content: string; tool_call_id: string }
	| {
			role: 'assistant';
			content?: string;
			tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
	  };

/** A turn of the model comes as several items, a text and its calls; in a chat it is one message. */
function toMessages(items: readonly ConversationItem[], instructions: string | undefined): Message[] {
	const messages: Message[] = instructions === undefined ? [] : [{ role: 'system', content: instructions }];
	for (const item of items) {
		switch (item.type) {
			case 'message':
				messages.push({ role: item.role, content: item.content.join('\n') });
				break;
			case 'function_call': {
				const call = {
					id: item.call_id,
					type: 'function' as const,
					function: { name: item.name, arguments: item.arguments },
				};
				const last = messages.at(-1);
				if (last?.role === 'assistant') last.tool_calls = [...(last.tool_calls ?? []), call];
				else messages.push({ role: 'assistant', tool_calls: [call] });
				break;
			}
			case 'function_call_output':
				messages.push({ role: 'tool', content: item.output.join('\n'), tool_call_id: item.call_id });
				break;
			case 'reasoning':
				break;
		}
	}
	return messages;
}

/** A refusal of what the request became, by the names that the client used. */
export function toResponsesTerms(error: unknown): unknown {
	return renameParam(error, RENAMED);
}

const RENAMED: readonly Renaming[] = [
	// Items and messages do not count alike, so of a message only that it came from the input is told.
	[/^messages\b.*$/, 'input'],
	[/^response_format\.json_schema\b/, 'text.format'],
	[/^response_format\b/, 'text.format'],
	[/^(tools\[\d+\]|tool_choice)\.function\b/, '$1'],
	[/^(max_completion_tokens|max_tokens)$/, 'max_output_tokens'],
	[/^logprobs$/, 'include'],
	[/^verbosity$/, 'text.verbosity'],
];
