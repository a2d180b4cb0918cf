import type { ChatMessage, ToolCall } from '../../protocol/chat-messages.ts';
import type { ChatTool, ToolChoice } from '../../protocol/chat-tools.ts';
import type { TextPart } from '../template/sentinels.ts';
import { HERMES, R1, type ToolFormat } from './tool-format.ts';

/** A message that any chat template can show: its content is ours and the client's, told apart by `special`. */
export type ToolTurn = { role: 'system' | 'user' | 'assistant'; name?: string; content: TextPart[] };

type Options = { format: Pick<ToolFormat, 'kind'>; tools: readonly ChatTool[]; toolChoice: ToolChoice };

const mark = (text: string): TextPart => ({ text, special: true });
const plain = (text: string): TextPart => ({ text, special: false });

/**
 * Puts tools into a conversation for a template that cannot: the list and the call format into the system text, calls
 * into the assistant's turns, results into user turns, after which every template opens the assistant's next turn as
 * it should. Only marks are `special`; names, arguments, results and all else that came with the request never are.
 */
export function toToolTurns(messages: readonly ChatMessage[], options: Options): ToolTurn[] {
	const turns: ToolTurn[] = [];
	const list = options.toolChoice === 'none' ? [] : describeTools(options);
	const systemTexts = messages.filter(isSystem).map(({ content }) => content);
	const system = systemTexts.filter((text) => text !== '').join('\n\n');
	const systemParts = joined([...(system === '' ? [] : [plain(system)]), ...list], system !== '' && list.length > 0);
	if (systemParts.length > 0) turns.push({ role: 'system', content: systemParts });

	let results: Extract<ChatMessage, { role: 'tool' }>[] = [];
	const flush = () => {
		if (results.length > 0) turns.push({ role: 'user', content: showResults(results, options.format) });
		results = [];
	};
	for (const message of messages) {
		if (isSystem(message)) continue;
		if (message.role === 'tool') {
			results.push(message);
			continue;
		}
		flush();
		const name = message.name === undefined ? {} : { name: message.name };
		const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
		const text = message.content === '' ? [] : [plain(message.content)];
		const content = calls.length === 0 ? text : collect([...text, ...showCalls(calls, options.format)]);
		turns.push({ role: message.role === 'assistant' ? 'assistant' : 'user', content, ...name });
	}
	flush();
	return turns;
}

function isSystem({ role }: ChatMessage): boolean {
	return role === 'system' || role === 'developer';
}

/** With a blank line between the first part and the rest. */
function joined(parts: readonly TextPart[], withBlankLine: boolean): TextPart[] {
	const [first, ...rest] = parts;
	if (first === undefined || !withBlankLine) return collect(parts);
	return collect([first, mark('\n\n'), ...rest]);
}

/** Neighbours of one kind made one. */
function collect(parts: readonly TextPart[]): TextPart[] {
	const collected: TextPart[] = [];
	for (const { text, special } of parts) {
		const last = collected.at(-1);
		if (text === '') continue;
		if (last?.special === special) last.text += text;
		else collected.push({ text, special });
	}
	return collected;
}

/** The list of functions, how to call them, and whether to. */
function describeTools({ format, tools, toolChoice }: Options): TextPart[] {
	if (tools.length === 0) return [];
	const listed = tools.flatMap((tool): TextPart[] => [
		plain(JSON.stringify({ type: 'function', function: withoutStrict(tool) })),
		mark('\n'),
	]);
	const head = '## Tools\n\nYou may call these functions. Each line is one function, its parameters as JSON Schema:\n';
	const how = '\nTo call functions, answer with nothing but this, the name and the arguments filled in:\n';
	return collect([
		mark(head),
		...listed,
		mark(how),
		...callExample(format),
		mark(`\n${advice(toolChoice)}`),
		...named(toolChoice),
	]);
}

function withoutStrict({ function: { name, description, parameters } }: ChatTool): unknown {
	return {
		name,
		...(description === undefined ? {} : { description }),
		parameters: parameters ?? { type: 'object', properties: {} },
	};
}

function callExample({ kind }: Pick<ToolFormat, 'kind'>): TextPart[] {
	const example = { function: { name: 'NAME', arguments: '{"parameter": "value"}' } };
	return showCalls([{ id: 'call', type: 'function', ...example }], { kind });
}

function advice(toolChoice: ToolChoice): string {
	if (toolChoice === 'required') return '\nCall at least one function now.';
	if (typeof toolChoice === 'object') return '\nCall this function now: ';
	return '\nWhere no function helps, answer in plain text. The results of your calls come with the next message.';
}

function named(toolChoice: ToolChoice): TextPart[] {
	return typeof toolChoice === 'object' ? [plain(toolChoice.function.name)] : [];
}

/** Calls as the model writes them itself. */
function showCalls(calls: readonly ToolCall[], { kind }: Pick<ToolFormat, 'kind'>): TextPart[] {
	const shown = calls.flatMap(({ function: { name, arguments: json } }, index): TextPart[] => {
		const gap = index === 0 ? '' : '\n';
		if (kind === 'r1') {
			return [
				mark(`${gap}${R1.callBegin}function${R1.separator}`),
				plain(name),
				mark('\n```json\n'),
				plain(json),
				mark(`\n\`\`\`${R1.callEnd}`),
			];
		}
		return [
			mark(`${gap}${HERMES.begin}\n{"name": `),
			plain(JSON.stringify(name)),
			mark(', "arguments": '),
			plain(json),
			mark(`}\n${HERMES.end}`),
		];
	});
	return collect(kind === 'r1' ? [mark(R1.callsBegin), ...shown, mark(R1.callsEnd)] : shown);
}

/** Results in the order in which they were sent. */
function showResults(results: readonly { content: string }[], { kind }: Pick<ToolFormat, 'kind'>): TextPart[] {
	const shown = results.flatMap(({ content }, index): TextPart[] => {
		const gap = index === 0 ? '' : '\n';
		return kind === 'r1'
			? [mark(`${gap}${R1.outputBegin}`), plain(content), mark(R1.outputEnd)]
			: [mark(`${gap}<tool_response>\n`), plain(content), mark('\n</tool_response>')];
	});
	return collect(kind === 'r1' ? [mark(R1.outputsBegin), ...shown, mark(R1.outputsEnd)] : shown);
}
