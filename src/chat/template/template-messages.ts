import type { ChatMessage } from '../../protocol/chat-messages.ts';
import type { TemplateMessage } from './compile-template.ts';
import type { Sentinels } from './sentinels.ts';
import { stripReasoning } from './strip-reasoning.ts';
import type { TemplateTraits } from './template.ts';

/**
 * The request's messages as a template takes them: one system message, first; no reasoning in the history; every text
 * that came from outside behind a sentinel.
 */
export function toTemplateMessages(
	messages: readonly ChatMessage[],
	traits: TemplateTraits,
	sentinels: Sentinels,
): TemplateMessage[] {
	const isSystem = (message: ChatMessage) => message.role === 'system' || message.role === 'developer';
	const system = messages
		.filter(isSystem)
		.map((message) => message.content)
		.filter((text) => text !== '')
		.join('\n\n');
	const others = messages.filter((message) => !isSystem(message));
	const mark = (role: string, content: string) => markContent(role, content, traits, sentinels);

	if (system === '') return others.map((message) => toTemplateMessage(message, mark, sentinels));
	if (traits.rendersSystem || !others.some((message) => message.role === 'user')) {
		const first = { role: 'system', content: mark('system', system) };
		return [first, ...others.map((message) => toTemplateMessage(message, mark, sentinels))];
	}
	const firstUser = others.findIndex((message) => message.role === 'user');
	return others
		.map((message, index) =>
			index === firstUser ? { ...message, content: `${system}\n\n${message.content}` } : message,
		)
		.map((message) => toTemplateMessage(message, mark, sentinels));
}

function toTemplateMessage(
	message: ChatMessage,
	mark: (role: string, content: string) => string,
	sentinels: Sentinels,
): TemplateMessage {
	const name = message.name === undefined ? {} : { name: sentinels.mark(message.name) };
	switch (message.role) {
		case 'system':
		case 'developer':
		case 'user':
			return { role: message.role, content: mark(message.role, message.content), ...name };
		case 'tool':
			return {
				role: 'tool',
				content: mark('tool', message.content),
				tool_call_id: sentinels.mark(message.tool_call_id, 'json'),
				...name,
			};
		case 'assistant': {
			const content = mark('assistant', stripReasoning(message.content));
			const calls = message.tool_calls ?? [];
			if (calls.length === 0) return { role: 'assistant', content, ...name };
			return {
				role: 'assistant',
				// R1's own template shows calls only where content is none.
				content: content === '' ? null : content,
				tool_calls: calls.map((call) => ({
					id: sentinels.mark(call.id, 'json'),
					type: 'function',
					function: {
						name: sentinels.mark(call.function.name, 'json'),
						arguments: sentinels.mark(call.function.arguments, 'arguments'),
					},
				})),
				...name,
			};
		}
	}
}

/** Emptiness stays visible to the template, and what the template would have trimmed is trimmed here. */
function markContent(role: string, content: string, traits: TemplateTraits, sentinels: Sentinels): string {
	let text = content;
	if (traits.trimsStart.has(role)) text = text.trimStart();
	if (traits.trimsEnd.has(role)) text = text.trimEnd();
	return text === '' ? '' : sentinels.mark(text, role === 'tool' && traits.quotesToolResults ? 'json' : 'text');
}
