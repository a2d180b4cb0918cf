/**
 * A thousand streams at ten tokens a second for some minutes: no token lost, what the event loop's delay is, and whether
 * memory stays. A minute a line: of resident memory, loop delay and GC the median of its seconds; of the heap its least,
 * which is what a collection could not free.
 *
 *   npm run bench:streams -- [--streams 1000] [--minutes 10]
 */
import { parseArgs } from 'node:util';
import { bench } from './bench.ts';
import { formatTable } from './format-table.ts';
import { gatewayFlags, gatewayOptions } from './gateway-flags.ts';
import { parseOptions } from './options.ts';
import { type GatewaySample, startGateway } from './start-gateway.ts';
import { quantile } from './statistics.ts';

/** A minute an answer. */
const TOKENS = 600;

const { values } = parseArgs({
	options: {
		...gatewayFlags,
		streams: { type: 'string', default: '1000' },
		minutes: { type: 'string', default: '10' },
	},
});
const streams = Number(values.streams);
const options = gatewayOptions(values);
const rate = (streams * options.tokensPerSecond) / TOKENS;
const gateway = await startGateway(options);
const samples: GatewaySample[] = [];
const watch = setInterval(() => {
	const sample = gateway.sample();
	if (sample !== null) samples.push(sample);
}, 1000);
try {
	const load = ['--concurrency', `${streams}`, '--requests', values.minutes, '--rate', `${rate}`];
	const answers = ['--output-tokens', `${TOKENS}`, '--deadline-ms', '120000', '--check-sequence'];
	const run = ['--target', gateway.url, '--workload', 'gateway', '--rounds', '1', '--warmup', '0'];
	const report = await bench(parseOptions([...run, ...load, ...answers]), null, (line) => console.error(line));
	clearInterval(watch);
	console.log(`${formatTable(report.rows, { target: 'gateway', against: null })}\n`);
	for (const [error, times] of Object.entries(report.errors)) console.log(`${times} x ${error}`);
	console.log('| minute | CPU | loop delay p99 | its worst tenth | GC ms/s | resident MiB | least heap MiB |');
	console.log('|---|---|---|---|---|---|---|');
	// The last minute or so only ends what runs.
	for (let minute = 0; minute < Number(values.minutes); minute += 1) printMinute(minute);
	const resident = Array.from({ length: Number(values.minutes) }, (_, minute) => residentMiB(minute)).slice(2);
	const level = quantile(resident, 0.5);
	if (level !== null) {
		const [least, most] = [Math.min(...resident), Math.max(...resident)];
		const apart = (Math.max(most / level - 1, 1 - least / level) * 100).toFixed(1);
		const range = `${least.toFixed(0)} to ${most.toFixed(0)} MiB`;
		console.log(
			`\nresident from minute 2 on, a minute's median: ${range}, within ${apart} % of ${level.toFixed(0)} MiB`,
		);
	}
} finally {
	clearInterval(watch);
	await gateway.stop();
}

/** The median: from second to second the new space fills and empties. */
function residentMiB(minute: number): number {
	return (
		quantile(
			secondsOf(minute).map(({ rssMiB }) => rssMiB),
			0.5,
		) ?? Number.NaN
	);
}

function secondsOf(minute: number): GatewaySample[] {
	return samples.slice(minute * 60, minute * 60 + 60);
}

function printMinute(minute: number): void {
	const seconds = secondsOf(minute);
	const at = (name: keyof GatewaySample, part: number, digits: number) => {
		const values = seconds.map((sample) => sample[name]);
		return (quantile(values, part) ?? Number.NaN).toFixed(digits);
	};
	const delay = [`${at('delayP99Ms', 0.5, 1)} ms`, `${at('delayP99Ms', 0.9, 1)} ms`];
	const memory = [residentMiB(minute).toFixed(0), at('heapUsedMiB', 0, 0)];
	console.log(`| ${[minute, at('cpuShare', 0.5, 2), ...delay, at('gcMs', 0.5, 0), ...memory].join(' | ')} |`);
}
