import type { TemplateTraits } from './template.ts';

const OPENED = '<think>\n';
const CLOSED = '<think>\n\n</think>\n\n';
/** R1 goes on right after the results of its calls: its history shows the answer there, without a mark of its own. */
const AFTER_RESULTS = '<｜tool▁outputs▁end｜>';

export type GenerationTail = { text: string; opensInReasoning: boolean };

/**
 * Makes the end of a rendered prompt say what the request wants of the thought: open it where the template leaves that
 * to nobody (DeepSeek's advice against empty thoughts), close it before it starts where thinking is off.
 */
export function finishTail(
	rendered: string,
	traits: TemplateTraits,
	options: { thinking: boolean; isAfterTool: boolean },
): GenerationTail {
	let text = rendered;
	if (options.isAfterTool && !traits.promptsAfterTool && !text.trimEnd().endsWith(AFTER_RESULTS)) {
		text += traits.generationPrompt;
	}
	if (traits.reasoning === 'never') return { text, opensInReasoning: false };

	const body = text.trimEnd();
	if (body.endsWith('<think>')) {
		const before = body.slice(0, -'<think>'.length);
		return { text: before + (options.thinking ? OPENED : CLOSED), opensInReasoning: options.thinking };
	}
	if (body.endsWith('</think>')) {
		// Closed by the template itself. V3.1's bare mark is complete; an empty thought wants its blank line.
		const isThought = body.slice(0, -'</think>'.length).trimEnd().endsWith('<think>');
		return { text: isThought ? `${body}\n\n` : text, opensInReasoning: false };
	}
	if (!options.thinking) return { text: text + CLOSED, opensInReasoning: false };
	if (traits.reasoning === 'always') return { text: text + OPENED, opensInReasoning: true };
	return { text, opensInReasoning: false };
}
