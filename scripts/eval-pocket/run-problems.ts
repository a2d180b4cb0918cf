import { ask, type Endpoint, type Outcome, type Setting } from './ask.ts';
import { judge, type Verdict } from './judge.ts';
import type { Problem } from './problem.ts';

const DEADLINE_MS = 300_000;

/** A request that the server refuses is a wrong answer, and no reason to stop. */
const FAILED: Omit<Verdict, 'callIsValid'> = {
	isRight: false,
	isClosed: false,
	reasoningTokens: 0,
	completionTokens: 0,
};

function failed({ call }: Problem): Verdict {
	return { ...FAILED, callIsValid: call === undefined ? null : false };
}

/** Asks all problems, `concurrency` at a time. Verdicts stand in the order of the problems. */
export async function runProblems(
	endpoint: Endpoint,
	problems: readonly Problem[],
	settingOf: (index: number) => Setting,
	options: { concurrency: number; onWrong: (problem: Problem, got: string) => void },
): Promise<Verdict[]> {
	const verdicts: Verdict[] = [];
	const queue = problems.entries();

	async function lane(): Promise<void> {
		for (const [index, problem] of queue) {
			const outcome = await ask(endpoint, problem, settingOf(index), AbortSignal.timeout(DEADLINE_MS));
			const verdict = 'reply' in outcome ? judge(problem, outcome.reply) : failed(problem);
			verdicts[index] = verdict;
			if (!verdict.isRight) options.onWrong(problem, show(outcome));
		}
	}
	await Promise.all(Array.from({ length: options.concurrency }, lane));
	return verdicts;
}

function show(outcome: Outcome): string {
	if ('failure' in outcome) return outcome.failure;
	const message = outcome.reply.choices[0]?.message;
	return message?.content ?? JSON.stringify(message?.tool_calls ?? null);
}
