import { invalidRequest } from '../errors.ts';
import type { ChatMessage } from '../protocol/chat-messages.ts';
import type { ChatTool } from '../protocol/chat-tools.ts';
import { describe, withDeadline } from './compile-template.ts';
import { finishParts } from './generation-tail.ts';
import { createSentinels, type TextPart } from './sentinels.ts';
import type { ChatTemplate } from './template.ts';
import { toTemplateMessages } from './template-messages.ts';
import { toTemplateTools } from './template-tools.ts';

export type RenderOptions = {
	/** Whether the model is to think before it answers; of no effect where it cannot. */
	thinking: boolean;
	tools?: readonly ChatTool[];
};

export type RenderedPrompt = {
	/** Concatenated they are the prompt. What came from the request is never in a `special` part. */
	parts: TextPart[];
	opensInReasoning: boolean;
	/**
	 * How the next turn renders this exchange: all before the answer's text, and what follows it up to the next
	 * question's. null where the template does not tell.
	 */
	keepForNextTurn: { head: TextPart[]; tail: TextPart[] } | null;
};

/** Throws RetortError 400 where the template cannot show these messages. */
export function renderPrompt(
	template: ChatTemplate,
	messages: readonly ChatMessage[],
	options: RenderOptions,
): RenderedPrompt {
	try {
		return withDeadline(() => render(template, messages, options));
	} catch (error) {
		throw invalidRequest(
			'messages',
			'invalid_value',
			`The model's chat template cannot show these messages: ${describe(error)}`,
		);
	}
}

function render(template: ChatTemplate, messages: readonly ChatMessage[], options: RenderOptions): RenderedPrompt {
	const { traits } = template;
	const sentinels = createSentinels();
	const variables = {
		messages: toTemplateMessages(messages, traits, sentinels),
		tools: toTemplateTools(options.tools ?? [], sentinels),
		add_generation_prompt: true,
		...(traits.reasoning === 'never' ? {} : { enable_thinking: options.thinking, thinking: options.thinking }),
	};
	const isAfterTool = messages.at(-1)?.role === 'tool';
	const rendered = template.render(variables);
	for (const message of variables.messages) {
		if (message.content !== null && !rendered.includes(message.content)) {
			throw invalidRequest('messages', 'invalid_value', `it leaves out a ${message.role} message.`);
		}
	}
	const finished = finishParts(sentinels.cut(rendered), traits, { thinking: options.thinking, isAfterTool });

	const answer = sentinels.mark('a');
	const next = sentinels.mark('n');
	const keepForNextTurn = attempt(() => {
		const turns = [...variables.messages, { role: 'assistant', content: answer }, { role: 'user', content: next }];
		const whole = template.render({ ...variables, messages: turns });
		const [head, rest, ...more] = whole.split(answer);
		if (head === undefined || rest === undefined || more.length > 0) return null;
		const end = rest.indexOf(next);
		if (end === -1) return null;
		return { head: sentinels.cut(head), tail: sentinels.cut(rest.slice(0, end)) };
	});
	return { ...finished, keepForNextTurn };
}

/** null where the template refuses the turn. */
function attempt<Value>(run: () => Value): Value | null {
	try {
		return run();
	} catch {
		return null;
	}
}
