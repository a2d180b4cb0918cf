import { invalidRequest } from '../../errors.ts';
import type { ChatMessage } from '../../protocol/chat-messages.ts';
import type { ChatTool, ToolChoice } from '../../protocol/chat-tools.ts';
import { createRecentCache, type RecentCache } from '../recent-cache.ts';
import { toToolTurns } from '../tool-calls/tool-turns.ts';
import { describe, withDeadline } from './compile-template.ts';
import { renderSkeleton, type Skeleton, type SkeletonInput } from './render-skeleton.ts';
import { createSentinels, fill, type Sentinels, type TextPart } from './sentinels.ts';
import { stripReasoning } from './strip-reasoning.ts';
import type { ChatTemplate } from './template.ts';
import { toTemplateMessages } from './template-messages.ts';
import { toTemplateTools } from './template-tools.ts';
import { turnsToMessages } from './turns-to-messages.ts';

export type RenderOptions = {
	/** Whether the model is to think before it answers; of no effect where it cannot. */
	thinking: boolean;
	tools?: readonly ChatTool[];
	toolChoice?: ToolChoice;
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
	const sentinels = createSentinels();
	const input: SkeletonInput = {
		...toTemplateInput(template, messages, options, sentinels),
		thinking: options.thinking,
	};
	const { prompt, opensInReasoning, next } = skeletonOf(template, input, sentinels);
	const { texts } = sentinels;
	return {
		parts: fill(prompt, texts),
		opensInReasoning,
		keepForNextTurn: next && { head: fill(next.head, texts), tail: fill(next.tail, texts) },
	};
}

/** Tools go to a template that shows them as the model writes them, and into the messages for every other. */
function toTemplateInput(
	{ traits, toolFormat }: ChatTemplate,
	messages: readonly ChatMessage[],
	{ tools = [], toolChoice = 'auto' }: RenderOptions,
	sentinels: Sentinels,
): Pick<SkeletonInput, 'messages' | 'tools'> {
	const isTemplates =
		toolFormat.isTemplates || (tools.length === 0 && (traits.rendersToolCalls || !hasCalls(messages)));
	if (isTemplates) {
		return {
			messages: toTemplateMessages(messages, traits, sentinels),
			tools: toTemplateTools(tools, sentinels),
		};
	}
	const turns = toToolTurns(messages.map(withoutReasoning), { format: toolFormat, tools, toolChoice });
	return { messages: turnsToMessages(turns, traits, sentinels), tools: null };
}

function hasCalls(messages: readonly ChatMessage[]): boolean {
	return messages.some((message) => message.role === 'tool' || (message.role === 'assistant' && message.tool_calls));
}

function withoutReasoning(message: ChatMessage): ChatMessage {
	return message.role === 'assistant' ? { ...message, content: stripReasoning(message.content) } : message;
}

const caches = new WeakMap<ChatTemplate, RecentCache<Skeleton>>();

/**
 * A template sees roles and marks, never texts: what it makes of one conversation it makes of every other of the same
 * shape. So jinja, at some 60 µs a message, runs once a shape.
 */
function skeletonOf(template: ChatTemplate, input: SkeletonInput, sentinels: Sentinels): Skeleton {
	const cache = caches.get(template) ?? createRecentCache<Skeleton>();
	caches.set(template, cache);
	const shape = template.traits.readsClock ? null : JSON.stringify(input);
	const known = shape === null ? undefined : cache.get(shape);
	if (known !== undefined) return known;
	try {
		const skeleton = withDeadline(() => renderSkeleton(template, input, sentinels));
		if (shape !== null) cache.set(shape, skeleton);
		return skeleton;
	} catch (error) {
		const why = `The model's chat template cannot show these messages: ${describe(error)}`;
		throw invalidRequest('messages', 'invalid_value', why);
	}
}
