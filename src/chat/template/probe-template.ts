import { configError } from '../../errors.ts';
import type { TemplateMessage } from './compile-template.ts';
import type { ChatTemplate, ReasoningTrait, TemplateTraits } from './template.ts';

type ProbeInput = { render: ChatTemplate['render']; source: string; hasThinkTokens: boolean };

const SYSTEM = 'probesystem7f3a';
const USER = 'probeuser7f3a';
const ASSISTANT = 'probeassistant7f3a';
const NEXT = 'probenext7f3a';
const CALL = 'probecall7f3a';
const ARGUMENTS = 'probearguments7f3a';
const RESULT = 'proberesult7f3a';
const PADDING = ' \n ';

const user: TemplateMessage = { role: 'user', content: USER };
const callMessages: TemplateMessage[] = [
	user,
	{
		role: 'assistant',
		content: null,
		tool_calls: [{ id: 'call_1', type: 'function', function: { name: CALL, arguments: ARGUMENTS } }],
	},
	{ role: 'tool', content: RESULT, tool_call_id: 'call_1', name: CALL },
];
const quotedResult = callMessages.map((message) =>
	message.role === 'tool' ? { ...message, content: `${RESULT}"` } : message,
);
const tool = {
	type: 'function',
	function: { name: CALL, description: 'd', parameters: { type: 'object', properties: {} } },
};

/** A conversation with a call, as the template shows it; null where it cannot. */
export function renderCall(render: ChatTemplate['render']): string | null {
	try {
		return render({ messages: callMessages, tools: [tool], add_generation_prompt: true });
	} catch {
		return null;
	}
}

/** Learns a template's traits from what it makes of small conversations. Throws when it drops what a user says. */
export function probeTemplate({ render, source, hasThinkTokens }: ProbeInput): TemplateTraits {
	const run = (messages: TemplateMessage[], prompts: boolean, tools: unknown[] | null = null) =>
		render({ messages, tools, add_generation_prompt: prompts });
	const attempt = (...input: Parameters<typeof run>) => {
		try {
			return run(...input);
		} catch {
			return null; // raise_exception, or a form of input that it does not know
		}
	};

	const prompted = run([user], true);
	if (!prompted.includes(USER)) throw configError("it leaves the user's message out.");
	const bare = run([user], false);
	const tail = prompted.startsWith(bare) ? prompted.slice(bare.length) : '';
	const afterTool = attempt(callMessages, true);
	const reasoning = probeReasoning(prompted, source, hasThinkTokens);
	const rendersSystem = attempt([{ role: 'system', content: SYSTEM }, user], true)?.includes(SYSTEM) ?? false;

	const opensUnknownThought = !hasThinkTokens && prompted.trimEnd().endsWith('<think>');
	return {
		reasoning,
		rendersSystem,
		rendersTools: attempt([user], true, [tool])?.includes(CALL) ?? false,
		rendersToolCalls: [CALL, ARGUMENTS, RESULT].every((text) => afterTool?.includes(text) ?? false),
		generationPrompt: withoutThinkMarks(tail),
		quotesToolResults: attempt(quotedResult, true)?.includes(`${RESULT}\\"`) ?? false,
		promptsAfterTool: afterTool === null || afterTool !== attempt(callMessages, false),
		trimsStart: probeTrims(attempt, rendersSystem, (text) => PADDING + text),
		trimsEnd: probeTrims(attempt, rendersSystem, (text) => text + PADDING),
		readsClock: source.includes('strftime_now'),
		notes: opensUnknownThought ? ['The template opens <think>, which the vocabulary has no token for.'] : [],
	};
}

/**
 * A thought can be split off only where its marks are tokens. The tail tells most: R1 since February 2025, QwQ and the
 * thinking Qwens end in `<think>`; R1 before ends in its assistant mark, in a template that knows of `</think>`, and
 * wants the thought opened for it; others that know of the marks leave it to the model.
 */
function probeReasoning(prompted: string, source: string, hasThinkTokens: boolean): ReasoningTrait {
	if (!hasThinkTokens) return 'never';
	const tail = prompted.trimEnd();
	if (tail.endsWith('<think>')) return 'always';
	const knowsMarks = source.includes('</think>') || source.includes('<think>');
	if (tail.endsWith('<｜Assistant｜>') && knowsMarks) return 'always';
	return knowsMarks || source.includes('enable_thinking') ? 'optional' : 'never';
}

/** The tail's opening of a turn, whatever it then says of a thought. */
function withoutThinkMarks(tail: string): string {
	const mark = /<\/?think>/.exec(tail);
	return mark === null ? tail : tail.slice(0, mark.index);
}

/** The roles whose padding is gone: what stands around each text is compared with and without it. */
function probeTrims(
	attempt: (messages: TemplateMessage[], prompts: boolean) => string | null,
	rendersSystem: boolean,
	pad: (text: string) => string,
): ReadonlySet<string> {
	const roles: [role: string, text: string][] = [
		...(rendersSystem ? [['system', SYSTEM] as [string, string]] : []),
		['user', USER],
		['assistant', ASSISTANT],
		['user', NEXT],
	];
	const messages = (of: (text: string) => string) => roles.map(([role, text]) => ({ role, content: of(text) }));
	const plain = attempt(
		messages((text) => text),
		true,
	);
	const trimmed = new Set<string>();
	if (plain === null) return trimmed;
	roles.forEach(([role, text], index) => {
		const padded = roles.map(([other, content], at) => ({ role: other, content: at === index ? pad(text) : content }));
		if (plain.includes(text) && attempt(padded, true) === plain) trimmed.add(role);
	});
	return trimmed;
}
