import type { RemoteOptions } from '../../../src/pool/remote-options.ts';
import { type Problem, readProblems, takePerFamily } from '../../eval-pocket/problem.ts';
import { ask, each, messageOf } from '../../eval-reasoning/ask.ts';
import { evaluateBudgets } from '../../eval-reasoning/budgets.ts';
import { evaluateEndReasoning } from '../../eval-reasoning/end-reasoning.ts';
import { type Harness, startHarness } from '../../eval-reasoning/harness.ts';
import { evaluateSeparation } from '../../eval-reasoning/separation.ts';

export const SLOTS = 4;
const FAMILIES = ['add', 'subtract', 'multiply', 'compare', 'letters', 'words', 'series', 'sort'];

/**
 * The thoughts and answers of our worker at temperature 0, and the reasoning table, through another engine that has the
 * embedded model. With `isExact` the engine calculates as ours does, and a difference sets the exit code; `hasGrammar`: it
 * can be bound to a schema, which the table of separation asks for.
 */
export async function compareEngines(
	remote: RemoteOptions,
	{ perFamily, isExact = true, hasGrammar = true }: { perFamily: number; isExact?: boolean; hasGrammar?: boolean },
): Promise<void> {
	const own = await startHarness({ dist: 'dist', slots: SLOTS });
	const stock = await startHarness({ dist: 'dist', slots: SLOTS, remote });
	try {
		const all = readProblems('models/pocket-reasoner/eval/problems.jsonl').filter(({ answer }) => answer !== undefined);
		const problems = takePerFamily(all, perFamily, FAMILIES);
		const isSame = await compareTexts(own, stock, problems);
		if (isExact && !isSame) process.exitCode = 1;
		if (hasGrammar) await evaluateSeparation(stock, problems, SLOTS);
		await evaluateEndReasoning(stock, problems);
		await evaluateBudgets(stock, problems, SLOTS);
	} finally {
		await Promise.all([own.close(), stock.close()]);
	}
}

/** Thought, answer and counts, token for token, at temperature 0. */
async function compareTexts(ours: Harness, theirs: Harness, problems: readonly Problem[]): Promise<boolean> {
	const [one, other] = [await ours.serve({}), await theirs.serve({})];
	const bodies = problems.flatMap(({ messages }) => [
		{ messages, temperature: 0, max_tokens: 600 },
		{ messages, temperature: 0, max_tokens: 600, reasoning: { max_tokens: 20 } },
		{ messages, temperature: 0, max_tokens: 600, reasoning_effort: 'none' },
	]);
	const same = await each(bodies, SLOTS, async (body) => {
		const [first, second] = [await ask(one, body), await ask(other, body)];
		const [left, right] = [messageOf(first), messageOf(second)];
		const isSame = left.content === right.content && left.reasoning_content === right.reasoning_content;
		if (!isSame) console.log(JSON.stringify({ ours: left, theirs: right }, null, 2));
		return isSame;
	});
	const count = same.filter(Boolean).length;
	console.log(`the same thought and answer as from our own worker: ${count}/${same.length}\n`);
	return count === same.length;
}
