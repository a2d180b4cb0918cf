import { configError } from '../../errors.ts';
import { chooseToolFormat, type ToolFormat } from '../tool-calls/tool-format.ts';
import { compileTemplate, describe, type TemplateVariables, withDeadline } from './compile-template.ts';
import { fallbackTemplate } from './fallback-template.ts';
import { probeTemplate, renderCall } from './probe-template.ts';

/** `always`: the prompt opens the thought. `optional`: the model does, if it thinks. `never`: no thought is split off. */
export type ReasoningTrait = 'always' | 'optional' | 'never';

export type TemplateTraits = {
	reasoning: ReasoningTrait;
	/** Lists the functions of `tools` in the prompt. */
	rendersTools: boolean;
	/** Shows tool calls and tool results of the history, calls with name and arguments. */
	rendersToolCalls: boolean;
	/** Shows a tool's result as a JSON string, as Llama 3.1 does. */
	quotesToolResults: boolean;
	/** Shows a system message; where it does not, the system text leads the first user message. */
	rendersSystem: boolean;
	/** What opens the assistant's turn, without any thinking marks. */
	generationPrompt: string;
	/** Opens the assistant's turn after a tool result too, as the official R1 templates fail to. */
	promptsAfterTool: boolean;
	/** Roles whose content the template strips of white space at its start, at its end. */
	trimsStart: ReadonlySet<string>;
	trimsEnd: ReadonlySet<string>;
	/** Shows the date: one shape of conversation does not render to one prompt for ever. */
	readsClock: boolean;
	/** For the log: what is odd about the template. */
	notes: readonly string[];
};

export type ChatTemplate = {
	traits: TemplateTraits;
	/** How this model writes its calls, and who shows them. */
	toolFormat: ToolFormat;
	/** Runs the template, without a deadline of its own. Throws what the template raises. */
	render(variables: Omit<TemplateVariables, 'bos_token' | 'eos_token'>): string;
};

export type TemplateSource = {
	/** The GGUF's own jinja; null where it brings none. */
	source: string | null;
	bos: string | null;
	eos: string | null;
	/** Texts of the vocabulary's control and user-defined tokens. */
	special: readonly string[];
};

/**
 * Compiles a model's chat template and finds out by trying what it does. Throws config_error when it does not compile,
 * does not end, or drops what a user says.
 */
export function prepareTemplate(input: TemplateSource, deadlineMs?: number): ChatTemplate {
	const source = input.source ?? fallbackTemplate(input.special);
	const compiled = compileTemplate(source);
	const render: ChatTemplate['render'] = (variables) =>
		compiled({ ...variables, bos_token: input.bos ?? '', eos_token: input.eos ?? '' });
	const hasThinkTokens = input.special.includes('<think>') && input.special.includes('</think>');
	try {
		const { traits, renderedCall } = withDeadline(
			() => ({ traits: probeTemplate({ render, source, hasThinkTokens }), renderedCall: renderCall(render) }),
			deadlineMs,
		);
		const toolFormat = chooseToolFormat({ traits, renderedCall, special: input.special });
		const note = 'The model brings no chat template: one was chosen by its vocabulary.';
		const notes = input.source === null ? [note, ...traits.notes] : traits.notes;
		return { traits: { ...traits, notes }, toolFormat, render };
	} catch (error) {
		throw configError(`The model's chat template cannot be used: ${describe(error)}`, error);
	}
}
