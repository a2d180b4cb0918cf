/**
 * What the gateway adds to the first token: a hundred streams at ten tokens a second through it and straight from the worker,
 * in turns. It is warmed first, since code that has run a few times only is slow code; `--cold` shows a gateway just started.
 *
 *   npm run bench:first-token -- [--rounds 3] [--cold]     40 s a round
 */
import { parseArgs } from 'node:util';
import { bench } from './bench.ts';
import { formatTable } from './format-table.ts';
import { gatewayFlags, gatewayOptions } from './gateway-flags.ts';
import { parseOptions } from './options.ts';
import { startGateway } from './start-gateway.ts';

const { values } = parseArgs({
	options: { ...gatewayFlags, rounds: { type: 'string', default: '3' }, cold: { type: 'boolean', default: false } },
});
const gateway = await startGateway(gatewayOptions(values));
const run = (...flags: string[]) => {
	const options = parseOptions(['--target', gateway.url, '--workload', 'gateway', '--warmup', '0', ...flags]);
	return bench(options, null, (line) => console.error(line));
};
try {
	if (!values.cold)
		await run('--concurrency', '4', '--requests', '1000', '--output-tokens', '1', '--rounds', '1', '--seed', 'warm');
	const load = ['--concurrency', '100', '--requests', '3', '--rate', '20', '--output-tokens', '50', '--check-sequence'];
	const report = await run('--against', gateway.directUrl, '--rounds', values.rounds, ...load);
	const rows = report.rows.filter(({ name }) => /^(first token|inter-token|requests|failed)/.test(name));
	console.log(formatTable(rows, { target: 'gateway', against: 'worker alone' }));
	for (const [error, times] of Object.entries(report.errors)) console.log(`${times} x ${error}`);
} finally {
	await gateway.stop();
}
