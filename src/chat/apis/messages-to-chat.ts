import { type ChatRequest, parseChatRequest } from '../../protocol/chat-request.ts';
import type { AnthropicMessage, CountTokensRequest, MessagesRequest } from '../../protocol/messages-request.ts';
import { type Renaming, renameParam, withRenamedParams } from './rename-param.ts';

/** Anthropic's request as the chat request that asks for the same. Throws RetortError 400 in the request's own terms. */
export function messagesToChat(request: MessagesRequest | CountTokensRequest): ChatRequest {
	const { model, system, thinking, tools, tool_choice: choice } = request;
	const generation = 'max_tokens' in request ? request : null;
	const { format, effort } = generation?.output_config ?? {};
	const systemText = typeof system === 'string' ? system : system?.map(({ text }) => text).join('\n');
	const body = {
		model,
		messages: [
			...(systemText === undefined || systemText === '' ? [] : [{ role: 'system', content: systemText }]),
			...request.messages.flatMap(toChatMessages),
		],
		thinking,
		// Anthropic's effort is about the whole answer, so beside a thought that is off it is no contradiction.
		reasoning_effort: thinking?.type === 'disabled' ? undefined : effort,
		response_format: format && { type: format.type, json_schema: { name: 'format', schema: format.schema } },
		// Who does not ask for the thought reads `content[0].text`: the model thinks, and that block stays the first.
		reasoning_field: thinking === undefined ? 'hidden' : 'reasoning_content',
		max_tokens: generation?.max_tokens,
		stop: generation?.stop_sequences,
		temperature: generation?.temperature,
		top_p: generation?.top_p,
		top_k: generation?.top_k,
		tools: tools?.map(({ name, description, input_schema: parameters }) => ({
			type: 'function',
			function: { name, description, parameters },
		})),
		tool_choice: choice && toToolChoice(choice),
		parallel_tool_calls: choice?.disable_parallel_tool_use === true ? false : undefined,
	};
	return withRenamedParams(RENAMED, () => parseChatRequest(body));
}

/** A refusal of what the request became, by the names that the client used. */
export function toMessagesTerms(error: unknown): unknown {
	return renameParam(error, RENAMED);
}

const RENAMED: readonly Renaming[] = [
	[/^response_format\.json_schema\b/, 'output_config.format'],
	[/^reasoning_effort$/, 'output_config.effort'],
	[/^(tools\[\d+\])\.function\.parameters\b/, '$1.input_schema'],
	[/^(tools\[\d+\])\.function\b/, '$1'],
];

function toToolChoice(choice: NonNullable<MessagesRequest['tool_choice']>) {
	switch (choice.type) {
		case 'auto':
		case 'none':
			return choice.type;
		case 'any':
			return 'required';
		case 'tool':
			return { type: 'function', function: { name: choice.name } };
	}
}

/** A user's turn may hold several results beside its text; in a chat each is a message of its own, and comes first. */
function toChatMessages(message: AnthropicMessage): object[] {
	const { role, content } = message;
	if (typeof content === 'string') return [{ role, content }];
	const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
	const results = content.flatMap((block) =>
		block.type === 'tool_result'
			? [{ role: 'tool', tool_call_id: block.tool_use_id, content: textOf(block.content) }]
			: [],
	);
	const calls = content.flatMap((block) =>
		block.type === 'tool_use'
			? [{ id: block.id, type: 'function', function: { name: block.name, arguments: JSON.stringify(block.input) } }]
			: [],
	);
	const turn = { role, content: text, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
	return results.length > 0 && text === '' ? results : [...results, turn];
}

function textOf(content: string | { text: string }[] | undefined): string {
	return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('\n');
}
