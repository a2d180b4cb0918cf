import type { Problem } from '../eval-pocket/problem.ts';
import { ask, each, type Fields, messageOf } from './ask.ts';
import { formatRows } from './format-rows.ts';
import type { Harness } from './harness.ts';

/** Accuracy by what the thought was allowed, and by how it was cut. Problems have a plain expected answer. */
export async function evaluateQuality(harness: Harness, problems: readonly Problem[], concurrency: number) {
	const soft = await harness.serve({});
	const cuts: [name: string, url: string][] = [
		['soft landing', soft],
		['soft landing, no closing words', await harness.serve({ reasoning: { closing: '' } })],
		['hard cut', await harness.serve({ reasoning: { graceShare: 0 } })],
		['hard cut, no closing words', await harness.serve({ reasoning: { graceShare: 0, closing: '' } })],
	];
	const greedy = { temperature: 0, max_tokens: 900 };
	const sampled = { temperature: 0.8, top_p: 0.95, max_tokens: 900 };
	const rows: string[][] = [];

	async function pass(name: string, url: string, fieldsOf: (index: number) => Fields): Promise<number[]> {
		const results = await each(problems, concurrency, async ({ messages, answer }, index) => {
			const message = messageOf(await ask(url, { messages, ...fieldsOf(index) }));
			const tokens = message.reasoning_status.tokens;
			return { isRight: (message.content ?? '').trim() === answer, tokens, used: message.usage.completion_tokens };
		});
		const right = results.filter(({ isRight }) => isRight).length;
		const mean = (total: number) => (total / results.length).toFixed(1);
		const share = `${right}/${results.length} (${((100 * right) / results.length).toFixed(1)} %)`;
		const row = [
			name,
			share,
			mean(results.reduce((sum, { tokens }) => sum + tokens, 0)),
			mean(results.reduce((sum, { used }) => sum + used, 0)),
		];
		rows.push(row);
		console.error(row.join(' | '));
		return results.map(({ tokens }) => tokens);
	}

	const own = await pass('whole thought, temperature 0', soft, () => greedy);
	const share = (index: number, part: number) => Math.max(1, Math.floor((own[index] ?? 0) * part));
	for (const part of [0.75, 0.5, 0.25]) {
		const budget = (index: number) => ({ ...greedy, reasoning: { max_tokens: share(index, part) } });
		for (const [cut, url] of cuts) await pass(`${100 * part} % of it, ${cut}`, url, budget);
	}
	await pass('no thought', soft, () => ({ ...greedy, reasoning: { enabled: false } }));
	for (const part of [1, 0.5]) {
		for (const samples of [1, 8]) {
			await pass(`temperature 0.8, ${100 * part} % of the budget, k = ${samples}`, soft, (index) => ({
				...sampled,
				seed: 1000 * index,
				reasoning: { ...(part < 1 ? { max_tokens: share(index, part) } : {}), ...(samples > 1 ? { samples } : {}) },
			}));
		}
	}
	console.log(`\n${formatRows(['setting', 'right', 'tokens of thought', 'tokens generated'], rows)}\n`);
}
