import { invalidRequest } from '../../errors.ts';
import type { TemplateMessage } from './compile-template.ts';
import { finishTail } from './generation-tail.ts';
import type { Segment, Sentinels } from './sentinels.ts';
import type { ChatTemplate } from './template.ts';

/** A prompt without its texts: all that depends on the template and the shape of the conversation. */
export type Skeleton = {
	prompt: Segment[];
	opensInReasoning: boolean;
	/** The next turn's prompt up to this answer's text, and from there to the next question's. */
	next: { head: Segment[]; tail: Segment[] } | null;
};

export type SkeletonInput = { messages: TemplateMessage[]; tools: unknown[] | null; thinking: boolean };

/** Beyond this the next turn is not looked at: rendering is linear in messages and holds up everyone else. */
const MAX_MESSAGES_FOR_NEXT = 512;

/** Throws what the template raises, and a 400 where it leaves out a message. */
export function renderSkeleton(template: ChatTemplate, input: SkeletonInput, sentinels: Sentinels): Skeleton {
	const { traits } = template;
	const { thinking, messages } = input;
	const variables = {
		messages,
		tools: input.tools,
		add_generation_prompt: true,
		...(traits.reasoning === 'never' ? {} : { enable_thinking: thinking, thinking }),
	};
	const segments = sentinels.cut(template.render(variables));
	assertComplete(segments, messages, sentinels);

	const last = segments.at(-1);
	const words = last !== undefined && 'words' in last ? last.words : '';
	const isAfterTool = messages.at(-1)?.role === 'tool';
	const tail = finishTail(words, traits, { thinking, isAfterTool });
	const before = words === '' ? segments : segments.slice(0, -1);
	return {
		prompt: tail.text === '' ? before : [...before, { words: tail.text }],
		opensInReasoning: tail.opensInReasoning,
		next: messages.length > MAX_MESSAGES_FOR_NEXT ? null : renderNext(template, variables, sentinels),
	};
}

/** A template that drops a message in silence would have the model answer another conversation. */
function assertComplete(segments: Segment[], messages: TemplateMessage[], sentinels: Sentinels): void {
	const shown = new Set(segments.map((segment) => ('slot' in segment ? segment.slot : -1)));
	for (const { content, role } of messages) {
		const [mark] = content === null ? [] : sentinels.cut(content);
		if (mark === undefined || !('slot' in mark) || shown.has(mark.slot)) continue;
		throw invalidRequest('messages', 'invalid_value', `it leaves out a message of the ${role}.`);
	}
}

function renderNext(
	template: ChatTemplate,
	variables: Parameters<ChatTemplate['render']>[0],
	sentinels: Sentinels,
): Skeleton['next'] {
	const answer = sentinels.mark('');
	const question = sentinels.mark('');
	const turn = [
		{ role: 'assistant', content: answer },
		{ role: 'user', content: question },
	];
	try {
		const rendered = template.render({ ...variables, messages: [...variables.messages, ...turn] });
		const [head, rest, ...more] = rendered.split(answer);
		if (head === undefined || rest === undefined || more.length > 0) return null;
		const end = rest.indexOf(question);
		if (end === -1) return null;
		return { head: sentinels.cut(head), tail: sentinels.cut(rest.slice(0, end)) };
	} catch {
		return null; // the template takes no turn after this one
	}
}
