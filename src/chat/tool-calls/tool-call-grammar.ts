import { RetortError } from '../../errors.ts';
import type { ChatTool, ToolChoice } from '../../protocol/chat-tools.ts';
import type { Grammar } from '../../protocol/worker-api.ts';
import { printGrammar, schemaExpression } from '../json-schema/compile-json-schema.ts';
import { choice, type Expression, sequence, text } from '../json-schema/expression.ts';
import type { GrammarBuilder } from '../json-schema/grammar-builder.ts';
import { anyObject, SPACE } from '../json-schema/json-text.ts';
import { textBefore } from './text-before.ts';
import { HERMES, openingMark, R1, type ToolFormat } from './tool-format.ts';

/** In one answer. A small model that likes to call would not stop by itself. */
const MAX_CALLS = 16;

export type ToolGrammarOptions = {
	format: Pick<ToolFormat, 'kind' | 'opensWithToken'>;
	tools: readonly ChatTool[];
	toolChoice: ToolChoice;
	/** parallel_tool_calls. */
	isParallel: boolean;
	/** What the answer has to be where it calls nothing: that of response_format. Free text where absent. */
	content?: (grammar: GrammarBuilder) => Expression;
};

/**
 * Holds the answer to well-formed calls of the functions that there are, with arguments that validate. `required` and
 * a named function bind from the first answer token. `auto` sleeps until the opening token; where the vocabulary has
 * none, or `content` is bound too, the grammar reads along from the start. null where nothing is bound. Throws
 * RetortError 400 for a function whose parameters cannot be honoured, unless it says `strict: false`.
 */
export function toolCallGrammar(options: ToolGrammarOptions): Grammar | null {
	const { format, toolChoice, content } = options;
	if (toolChoice === 'none' || options.tools.length === 0) return null;
	const mark = openingMark(format);
	const isBound = toolChoice !== 'auto';
	const waitsForToken = !isBound && content === undefined && format.opensWithToken;
	const gbnf = printGrammar('tools', (grammar) => {
		const calls = callsAfterMark(options, grammar);
		if (waitsForToken) return calls;
		if (isBound) return sequence(text(mark), calls);
		if (content !== undefined) return choice(content(grammar), sequence(text(mark), calls));
		return textBefore(mark, calls, grammar);
	});
	return { gbnf, triggerToken: waitsForToken ? mark : null };
}

function callsAfterMark({ format: { kind }, ...options }: ToolGrammarOptions, grammar: GrammarBuilder): Expression {
	const { tools, toolChoice } = options;
	const wanted = typeof toolChoice === 'object' ? toolChoice.function.name : null;
	const alternatives = tools.flatMap((tool, index) =>
		wanted === null || tool.function.name === wanted ? [oneCall(kind, tool, index, grammar)] : [],
	);
	const call = grammar.share('call', choice(...alternatives));
	const more = options.isParallel ? MAX_CALLS - 1 : 0;
	if (kind === 'r1') {
		return sequence(call, grammar.repeat(sequence(text('\n'), call), 0, more), text(R1.callsEnd));
	}
	return sequence(call, grammar.repeat(sequence(text(`\n${HERMES.begin}`), call), 0, more));
}

/** From behind the mark that opens the calls, or the one before it. */
function oneCall(kind: ToolFormat['kind'], tool: ChatTool, index: number, grammar: GrammarBuilder): Expression {
	const { name } = tool.function;
	const json = argumentsOf(tool, `tools[${index}].function.parameters`, grammar);
	if (kind === 'r1') {
		const head = `${R1.callBegin}function${R1.separator}${name}\n\`\`\`json\n`;
		return sequence(text(head), json, text(`\n\`\`\`${R1.callEnd}`));
	}
	const head = sequence(
		text('\n{"name":'),
		SPACE,
		text(`${JSON.stringify(name)},`),
		SPACE,
		text('"arguments":'),
		SPACE,
	);
	return sequence(head, json, text(`}\n${HERMES.end}`));
}

function argumentsOf(
	{ function: { parameters, strict } }: ChatTool,
	param: string,
	grammar: GrammarBuilder,
): Expression {
	if (parameters === undefined) return text('{}');
	try {
		return schemaExpression(parameters, param, grammar, { type: 'object' });
	} catch (error) {
		// The client asked for no guarantee: arguments are JSON then, and no more.
		const isUnsupported = error instanceof RetortError && error.code === 'unsupported_value';
		if (strict === false && isUnsupported) return anyObject(grammar);
		throw error;
	}
}
