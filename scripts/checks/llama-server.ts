// llama.cpp's own server as a member of the pool: npm run check:llama-server -- --binary PATH [--per-family N]
// The thoughts and answers of our worker at temperature 0, the reasoning table, and every client of test:sdks through it.
import { parseArgs } from 'node:util';
import { type Problem, readProblems, takePerFamily } from '../eval-pocket/problem.ts';
import { ask, each, messageOf } from '../eval-reasoning/ask.ts';
import { evaluateBudgets } from '../eval-reasoning/budgets.ts';
import { evaluateEndReasoning } from '../eval-reasoning/end-reasoning.ts';
import { type Harness, startHarness } from '../eval-reasoning/harness.ts';
import { evaluateSeparation } from '../eval-reasoning/separation.ts';
import { BUILD_HINT, startLlamaServer } from '../llama-server/start-llama-server.ts';
import { report, runPrograms } from '../test-sdks/run-programs.ts';

const SLOTS = 4;
const FAMILIES = ['add', 'subtract', 'multiply', 'compare', 'letters', 'words', 'series', 'sort'];

const { values } = parseArgs({
	options: { binary: { type: 'string' }, 'per-family': { type: 'string', default: '2' } },
});
if (values.binary === undefined) {
	console.error(`npm run check:llama-server -- --binary PATH/TO/llama-server [--per-family N]\n\n${BUILD_HINT}`);
	process.exit(2);
}

const server = await startLlamaServer(values.binary, SLOTS);
try {
	await reasoningTable(server.url, Number(values['per-family']));
	if (!report(await runPrograms('', server.url))) process.exitCode = 1;
	console.log('What differs there by design of the engine: README, "Workers on other machines".');
} finally {
	await server.stop();
}

async function reasoningTable(url: string, perFamily: number): Promise<void> {
	const all = readProblems('models/pocket-reasoner/eval/problems.jsonl').filter(({ answer }) => answer !== undefined);
	const problems = takePerFamily(all, perFamily, FAMILIES);
	const own = await startHarness({ dist: 'dist', slots: SLOTS });
	// The engine's slots are for one gateway alone, so this one is closed before the next begins.
	const stock = await startHarness({ dist: 'dist', slots: SLOTS, llamaServer: url });
	try {
		await compare(own, stock, problems);
		await evaluateSeparation(stock, problems, SLOTS);
		await evaluateEndReasoning(stock, problems);
		await evaluateBudgets(stock, problems, SLOTS);
	} finally {
		await Promise.all([own.close(), stock.close()]);
	}
}

/** Thought, answer and counts, token for token, at temperature 0. */
async function compare(ours: Harness, theirs: Harness, problems: readonly Problem[]): Promise<void> {
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
	if (count < same.length) process.exitCode = 1;
}
