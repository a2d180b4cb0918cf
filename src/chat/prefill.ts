import { invalidRequest } from '../errors.ts';
import { type ChatRequest, continuesFinalMessage } from '../protocol/chat-request.ts';
import type { Phase } from '../protocol/worker-api.ts';
import type { RenderedPrompt } from './template/render-prompt.ts';
import type { TextPart } from './template/sentinels.ts';

/** The beginning of the answer, as the client wrote it. */
export type Prefill = {
	thought: string;
	/** '' continues the thought. */
	content: string;
};

const OPEN = '<think>';
const CLOSE = '</think>';

/** null where the last message is a question. Throws RetortError 400 for what cannot go on from the middle. */
export function readPrefill(request: ChatRequest): Prefill | null {
	if (!continuesFinalMessage(request)) return null;
	const last = request.messages.at(-1);
	if (last?.role !== 'assistant') return null;
	const inline = splitThought(last.content);
	const prefill = { ...inline, thought: last.reasoning_content ?? last.reasoning ?? inline.thought };
	const isBound =
		(request.response_format?.type ?? 'text') !== 'text' ||
		request.tool_choice === 'required' ||
		typeof request.tool_choice === 'object';
	if (prefill.content !== '' && isBound) {
		const message =
			"An answer that 'response_format' or 'tool_choice' binds cannot be continued, only its thought can.";
		throw invalidRequest('continue_final_message', 'unsupported_value', message);
	}
	return prefill;
}

function splitThought(content: string): Prefill {
	if (!content.startsWith(OPEN)) return { thought: '', content };
	const end = content.indexOf(CLOSE);
	const thought = content.slice(OPEN.length, end === -1 ? undefined : end).replace(/^\n/, '');
	if (end === -1) return { thought, content: '' };
	return { thought: thought.trimEnd(), content: content.slice(end + CLOSE.length).replace(/^\n{1,2}/, '') };
}

/**
 * The prompt up to where the answer goes on. `rendered` opens the assistant's turn, with an open thought where there is
 * one to show.
 */
export function appendPrefill(
	rendered: RenderedPrompt,
	prefill: Prefill,
	options: { canThink: boolean; thinks: boolean },
): RenderedPrompt {
	const parts = rendered.parts.map((part) => ({ ...part }));
	const add = (text: string, special: boolean) => append(parts, text, special);
	let { opensInReasoning } = rendered;
	if (options.canThink && prefill.thought !== '') {
		if (!opensInReasoning) add(`${OPEN}\n`, true);
		add(prefill.thought, false);
		opensInReasoning = prefill.content === '' && options.thinks;
		if (!opensInReasoning) add(`\n${CLOSE}\n\n`, true);
	}
	add(prefill.content, false);
	return { parts, opensInReasoning, keepForNextTurn: null };
}

/** The first phase as one that goes on: its first white space is text, and it may end at once. */
export function continuePhases(phases: readonly Phase[]): Phase[] {
	return phases.map((phase, index) => (index === 0 ? { ...phase, continues: true, emptyRetries: 0 } : phase));
}

function append(parts: TextPart[], text: string, special: boolean): void {
	if (text === '') return;
	const last = parts.at(-1);
	if (last?.special === special) last.text += text;
	else parts.push({ text, special });
}
