import { RetortError } from '../../src/errors.ts';
import type { Setting } from './ask.ts';
import { type Column, formatTable } from './format-table.ts';
import { type EvalOptions, parseOptions, usage } from './options.ts';
import { readProblems, takePerFamily } from './problem.ts';
import { runProblems } from './run-problems.ts';
import { type StartedServer, startServer } from './start-server.ts';

/** Off the default port, so that a server at work is not in the way. */
const PORT = 18_233;
const SHARES = [0.5, 0.25, 0];

async function evaluate(options: EvalOptions, url: string): Promise<void> {
	const endpoint = { url, model: options.model, key: process.env.RETORT_API_KEY ?? null };
	const problems = takePerFamily(readProblems(options.problems), options['per-family'], options.families);
	const columns: Column[] = [];

	async function pass(name: string, settingOf: (index: number) => Setting): Promise<void> {
		let shown = 0;
		const started = performance.now();
		const verdicts = await runProblems(endpoint, problems, settingOf, {
			concurrency: options.concurrency,
			onWrong(problem, content) {
				shown += 1;
				if (shown > options.show) return;
				const expected = problem.answer ?? JSON.stringify(problem.json ?? problem.call);
				console.error(
					`${name}, ${problem.family}: ${problem.messages.at(-1)?.content}\n  want ${expected}\n  got  ${content}`,
				);
			},
		});
		columns.push({ name, verdicts });
		const seconds = (performance.now() - started) / 1000;
		const tokens = verdicts.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
		console.error(
			`${name}: ${problems.length} problems, ${seconds.toFixed(0)} s, ${(tokens / seconds).toFixed(0)} tokens/s`,
		);
	}

	await pass('temperature 0', () => ({ temperature: 0, budgetTokens: null }));
	const whole = columns[0]?.verdicts ?? [];
	if (options.sampled) await pass('0.6 / 0.95', () => ({ temperature: 0.6, budgetTokens: null }));
	if (options.budgets) {
		for (const share of SHARES) {
			await pass(`thought cut to ${100 * share} %`, (index) => ({
				temperature: 0,
				budgetTokens: Math.floor((whole[index]?.reasoningTokens ?? 0) * share),
			}));
		}
	}
	console.log(formatTable(problems, columns));
}

async function main(argv: readonly string[]): Promise<void> {
	const options = parseOptions(argv);
	let server: StartedServer | null = null;
	try {
		if (options.url === null) server = await startServer(PORT, options.concurrency);
		await evaluate(options, options.url ?? server?.url ?? '');
	} finally {
		await server?.stop();
	}
}

const argv = process.argv.slice(2);
if (argv.includes('--help')) {
	console.log(usage);
} else {
	await main(argv).catch((error: unknown) => {
		if (!(error instanceof RetortError)) throw error;
		console.error(`eval:pocket: ${error.message}`);
		process.exitCode = 2;
	});
}
