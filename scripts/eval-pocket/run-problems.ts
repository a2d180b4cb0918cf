import { ask, type Endpoint, type Setting } from './ask.ts';
import { judge, type Verdict } from './judge.ts';
import type { Problem } from './problem.ts';

const DEADLINE_MS = 300_000;

/** Asks all problems, `concurrency` at a time. Verdicts stand in the order of the problems. */
export async function runProblems(
	endpoint: Endpoint,
	problems: readonly Problem[],
	settingOf: (index: number) => Setting,
	options: { concurrency: number; onWrong: (problem: Problem, content: string) => void },
): Promise<Verdict[]> {
	const verdicts: Verdict[] = [];
	const queue = problems.entries();

	async function lane(): Promise<void> {
		for (const [index, problem] of queue) {
			const reply = await ask(endpoint, problem, settingOf(index), AbortSignal.timeout(DEADLINE_MS));
			const verdict = judge(problem, reply);
			verdicts[index] = verdict;
			const message = reply.choices[0]?.message;
			if (!verdict.isRight) options.onWrong(problem, message?.content ?? JSON.stringify(message?.tool_calls));
		}
	}
	await Promise.all(Array.from({ length: options.concurrency }, lane));
	return verdicts;
}
