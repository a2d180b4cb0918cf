// llama.cpp's own server as a member of the pool: npm run check:llama-server -- --binary PATH [--per-family N]
// The thoughts and answers of our worker at temperature 0, and the reasoning table, through it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Problem, readProblems, takePerFamily } from '../eval-pocket/problem.ts';
import { ask, each, messageOf } from '../eval-reasoning/ask.ts';
import { evaluateBudgets } from '../eval-reasoning/budgets.ts';
import { evaluateEndReasoning } from '../eval-reasoning/end-reasoning.ts';
import { type Harness, startHarness } from '../eval-reasoning/harness.ts';
import { evaluateSeparation } from '../eval-reasoning/separation.ts';

const SLOTS = 4;
const CONTEXT_TOKENS = 4096;
const MODEL = resolve('models/pocket-reasoner/pocket-reasoner-q8_0.gguf');
const FAMILIES = ['add', 'subtract', 'multiply', 'compare', 'letters', 'words', 'series', 'sort'];

const EXCEPTIONS = `Exceptions, by design of the engine:
  penalties look back over thought and prompt, 256 tokens in all, where our worker looks at the phase
  a grammar cannot be entered in its middle: a bound answer that loses its worker is not resumed here
  the next turn is not warmed up: it evaluates the last answer again
  it tells no fingerprint: vocabulary, size and template have to do when it joins
  a seed draws the same each time, but not what our worker draws`;

const { values } = parseArgs({
	options: { binary: { type: 'string' }, 'per-family': { type: 'string', default: '2' } },
});
if (values.binary === undefined) {
	console.error('npm run check:llama-server -- --binary PATH/TO/llama-server [--per-family N]');
	process.exit(2);
}

const server = await startLlamaServer(values.binary);
const own = await startHarness({ dist: 'dist', slots: SLOTS });
const stock = await startHarness({ dist: 'dist', slots: SLOTS, llamaServer: server.url });
try {
	const all = readProblems('models/pocket-reasoner/eval/problems.jsonl').filter(({ answer }) => answer !== undefined);
	const problems = takePerFamily(all, Number(values['per-family']), FAMILIES);
	await compare(own, stock, problems);
	await evaluateSeparation(stock, problems, SLOTS);
	await evaluateEndReasoning(stock, problems);
	await evaluateBudgets(stock, problems, SLOTS);
	console.log(EXCEPTIONS);
} finally {
	await Promise.all([own.close(), stock.close()]);
	await server.stop();
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

async function startLlamaServer(binary: string) {
	const port = await freePort();
	// Where the engine takes flash attention by itself, its sums differ in the last bit from those of our worker.
	const flags = ['--host', '127.0.0.1', '--port', String(port), '-m', MODEL, '-t', '1', '-fa', 'off', '--no-webui'];
	const child = spawn(binary, [...flags, '-np', String(SLOTS), '-c', String(SLOTS * CONTEXT_TOKENS)], {
		stdio: 'ignore',
		env: { ...process.env, LD_LIBRARY_PATH: dirname(resolve(binary)) },
	});
	const exited = once(child, 'exit');
	return {
		url: `http://127.0.0.1:${port}`,
		async stop() {
			child.kill('SIGTERM');
			await exited;
		},
	};
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const bound = probe.address();
	probe.close();
	return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
