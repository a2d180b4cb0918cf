import { isDeepStrictEqual } from 'node:util';
import { Ajv } from 'ajv';
import type { Problem } from './problem.ts';
import type { Reply } from './reply.ts';

export type Verdict = {
	isRight: boolean;
	isClosed: boolean;
	/** One call, of a tool that was listed, with all of its arguments in their types; null where no call is expected. */
	callIsValid: boolean | null;
	reasoningTokens: number;
	completionTokens: number;
};

/** Right only if everything after the thought is what was expected: no partial credit. Pure. */
export function judge(problem: Problem, reply: Reply): Verdict {
	const choice = reply.choices[0];
	const message = choice?.message;
	const content = message?.content ?? '';
	const calls = message?.tool_calls ?? [];
	return {
		isRight: choice !== undefined && choice.finish_reason !== 'length' && matches(problem, content, calls),
		isClosed: message?.reasoning_status?.state === 'complete' && choice?.finish_reason !== 'length',
		callIsValid: problem.call === undefined ? null : isValid(problem, calls),
		reasoningTokens: reply.usage?.completion_tokens_details?.reasoning_tokens ?? 0,
		completionTokens: reply.usage?.completion_tokens ?? 0,
	};
}

type Calls = NonNullable<Reply['choices'][number]['message']['tool_calls']>;

function matches(problem: Problem, content: string, calls: Calls): boolean {
	if (problem.call !== undefined) {
		const [call] = calls;
		if (call === undefined || calls.length > 1 || call.function.name !== problem.call.name) return false;
		return isDeepStrictEqual(parse(call.function.arguments), problem.call.arguments);
	}
	if (calls.length > 0) return false;
	if (problem.json !== undefined) return isDeepStrictEqual(parse(content), problem.json);
	return content.trim() === problem.answer;
}

const ajv = new Ajv();

function isValid(problem: Problem, calls: Calls): boolean {
	const [call] = calls;
	const tool = problem.tools?.find(({ function: { name } }) => name === call?.function.name);
	if (call === undefined || calls.length > 1 || tool === undefined) return false;
	const { parameters } = tool.function;
	const all = { ...parameters, required: Object.keys(parameters.properties), additionalProperties: false };
	return ajv.validate(all, parse(call.function.arguments));
}

/** undefined for what is no JSON, which equals nothing that is expected. */
function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
