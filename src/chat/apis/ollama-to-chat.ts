import { type ChatRequest, parseChatRequest } from '../../protocol/chat-request.ts';
import type { OllamaChatRequest, OllamaGenerateRequest, OllamaMessage } from '../../protocol/ollama-request.ts';
import { type Renaming, renameParam, withRenamedParams } from './rename-param.ts';

/**
 * Ollama's request as the chat request that asks for the same; null for one that asks nothing, as clients send it to
 * have a model loaded. `model` is its name here. Throws RetortError 400 in the request's own terms.
 */
export function ollamaToChat(request: OllamaChatRequest | OllamaGenerateRequest, model: string): ChatRequest | null {
	const messages =
		'prompt' in request ? toTurn(request) : withCallIds(('messages' in request && request.messages) || []);
	if (messages.length === 0) return null;
	const { num_predict: maxTokens = 0, mirostat: _off, typical_p: _alsoOff, ...sampling } = request.options ?? {};
	return withRenamedParams(RENAMED, () =>
		parseChatRequest({
			...sampling,
			model,
			messages,
			think: request.think,
			max_tokens: maxTokens > 0 ? maxTokens : undefined,
			response_format: toResponseFormat(request.format),
			tools: 'tools' in request ? request.tools : undefined,
			logprobs: request.logprobs,
			top_logprobs: request.top_logprobs,
		}),
	);
}

function toResponseFormat(format: OllamaChatRequest['format']) {
	if (format === undefined || format === '') return undefined;
	if (format === 'json') return { type: 'json_object' };
	return { type: 'json_schema', json_schema: { name: 'format', schema: format } };
}

function toTurn({ system, prompt }: OllamaGenerateRequest): object[] {
	if (prompt === undefined || prompt === '') return [];
	const user = { role: 'user', content: prompt };
	return system === undefined || system === '' ? [user] : [{ role: 'system', content: system }, user];
}

/**
 * Calls and results know each other by id in a chat, in Ollama's by name and order: a result belongs to the first call of
 * its name that has none yet.
 */
function withCallIds(messages: readonly OllamaMessage[]): object[] {
	let open: { id: string; name: string }[] = [];
	let count = 0;
	return messages.map(({ role, content = '', tool_calls: calls = [], tool_name: name, tool_call_id: given }) => {
		if (role === 'tool') {
			const call = open.find((one) => name === undefined || one.name === name);
			open = open.filter((one) => one !== call);
			return { role, content, tool_call_id: given ?? call?.id ?? `call_${count++}`, name };
		}
		if (role !== 'assistant' || calls.length === 0) return { role, content };
		const made = calls.map((call) => ({ ...call, id: call.id ?? `call_${count++}` }));
		open = made.map((call) => ({ id: call.id, name: call.function.name }));
		return {
			role,
			content,
			tool_calls: made.map(({ id, function: { name: called, arguments: args } }) => ({
				id,
				type: 'function',
				function: { name: called, arguments: JSON.stringify(args) },
			})),
		};
	});
}

/** A refusal of what the request became, by the names that the client used. */
export function toOllamaTerms(error: unknown): unknown {
	return renameParam(error, RENAMED);
}

const RENAMED: readonly Renaming[] = [
	[/^response_format\.json_schema\.schema\b/, 'format'],
	[/^response_format\b.*$/, 'format'],
	[/^max_tokens$/, 'options.num_predict'],
	[/^(temperature|top_p|top_k|min_p|seed|stop|repeat_penalty|presence_penalty|frequency_penalty)\b/, 'options.$1'],
];
