import type { Problem } from '../eval-pocket/problem.ts';
import { ask, each, messageOf } from './ask.ts';
import { checkPromises, recount } from './check-promises.ts';
import { formatRows } from './format-rows.ts';
import type { Harness } from './harness.ts';

const BUDGETS = [0, 1, 8, 32, 64, 256];
const MAX_TOKENS = [16, 64, 256, 1024];
const CLOSING = '\n\nTime to answer.\n';
const GRACE = 0.1;

/** Every budget with every max_tokens over all problems; each promise of each answer is counted again. */
export async function evaluateBudgets(harness: Harness, problems: readonly Problem[], concurrency: number) {
	const url = await harness.serve({});
	const closingTokens = (await harness.tokenize(CLOSING)).length;
	const rows: string[][] = [];
	const broken = new Map<string, number>();
	for (const budgetTokens of BUDGETS) {
		for (const maxTokens of MAX_TOKENS) {
			const results = await each(problems, concurrency, async ({ messages }, index) => {
				const completion = await ask(url, {
					messages,
					max_tokens: maxTokens,
					reasoning: { max_tokens: budgetTokens },
					seed: index,
				});
				const counted = recount(harness.take(completion.id));
				const text = await harness.detokenize(counted.thoughtIds);
				const again = await harness.tokenize(text);
				const failures = checkPromises(completion, counted, text, {
					budgetTokens,
					maxTokens,
					closingTokens,
					graceShare: GRACE,
				});
				return { failures, counted, again: again.length, message: messageOf(completion) };
			});
			for (const failure of results.flatMap(({ failures }) => failures)) {
				broken.set(failure, (broken.get(failure) ?? 0) + 1);
			}
			const states = new Map<string, number>();
			for (const { message } of results) {
				const { state } = message.reasoning_status;
				states.set(state, (states.get(state) ?? 0) + 1);
			}
			rows.push([
				String(budgetTokens),
				String(maxTokens),
				String(results.length),
				String(Math.max(...results.map(({ counted }) => counted.thoughtIds.length))),
				[...new Set(results.map(({ message }) => message.reasoning_status.budget_tokens))].join(', '),
				[...states].map(([state, count]) => `${state} ${count}`).join(', '),
				String(results.filter(({ message }) => (message.content ?? '') === '').length),
				String(results.filter(({ again, counted }) => again === counted.thoughtIds.length).length),
				String(results.filter(({ failures }) => failures.length > 0).length),
			]);
			console.error(rows.at(-1)?.join(' | '));
		}
	}
	const head = [
		'budget',
		'max_tokens',
		'answers',
		'longest thought',
		'budget that applied',
		'states',
		'empty answers',
		'tokenised again to the same count',
		'broken promises',
	];
	console.log(`The closing words are ${closingTokens} tokens.\n\n${formatRows(head, rows)}\n`);
	console.log(broken.size === 0 ? 'No promise was broken.' : JSON.stringify(Object.fromEntries(broken)));
}
