import { writeFileSync } from 'node:fs';
import { RetortError } from '../../src/errors.ts';
import { bench } from './bench.ts';
import { formatTable } from './format-table.ts';
import { parseOptions, usage } from './options.ts';

async function main(argv: readonly string[]): Promise<void> {
	const options = parseOptions(argv);
	const report = await bench(options, process.env.BENCH_API_KEY ?? null, (line) => console.error(line));
	const { cpu, cores, node } = report.machine;
	console.log(
		`${options.workload}, ${options.concurrency} at once, ${options.rounds} rounds; ${cores} x ${cpu}, Node ${node}, ${report.date}`,
	);
	console.log(`\n${formatTable(report.rows, { target: options.target, against: options.against })}`);
	for (const [error, times] of Object.entries(report.errors)) console.log(`${times} x ${error}`);
	if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(report, null, '\t')}\n`);
	process.exitCode = Object.keys(report.errors).length > 0 ? 1 : 0;
}

const argv = process.argv.slice(2);
if (argv.length === 0 || argv.includes('--help')) {
	console.log(usage);
} else {
	await main(argv).catch((error: unknown) => {
		if (!(error instanceof RetortError)) throw error;
		console.error(`bench: ${error.message}`);
		process.exitCode = 2;
	});
}
