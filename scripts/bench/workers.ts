/**
 * How throughput grows with workers behind one gateway, and where the gateway's own limit is. Each worker is a script of
 * fixed slots and speed, all of its slots are asked for all the time, and whatever is missing of N times what one
 * worker gives is the gateway's doing, or that of a machine too small for all of it.
 *
 *   npm run bench:workers -- [--counts 1,2,4,8,16,24,32] [--seconds 20] [--slots 64] [--tokens-per-second 10] [--gateways 1]
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gatewayFlags, gatewayOptions } from './gateway-flags.ts';
import { requestBody } from './request-body.ts';
import { runRequest } from './run-request.ts';
import { type GatewaySample, startGateway } from './start-gateway.ts';
import { median } from './statistics.ts';
import { openTarget } from './target.ts';

/** Long enough that arrivals are few beside tokens. */
const TOKENS = 100;

const { values } = parseArgs({
	options: {
		...gatewayFlags,
		slots: { type: 'string', default: '64' },
		counts: { type: 'string', default: '1,2,4,8,16,24,32' },
		seconds: { type: 'string', default: '20' },
	},
});
const seconds = Number(values.seconds);
const options = gatewayOptions(values);

type Saturated = { tokensPerSecond: number; samples: GatewaySample[]; generatorCpu: number; errors: string[] };

async function saturate(workers: number): Promise<Saturated> {
	const gateway = await startGateway({ ...options, workers });
	const lanes = workers * options.slots;
	const target = await openTarget('gateway', gateway.url, { model: null, connections: lanes + 8, apiKey: null });
	const over = new AbortController();
	setMaxListeners(0, over.signal);
	const turn = {
		label: '',
		user: 'Go on.',
		maxTokens: TOKENS,
		thinkingTokens: null,
		pauseMs: 0,
		abortAfterDeltas: null,
	};
	const body = requestBody(turn, [{ role: 'user', content: turn.user }], {
		model: target.model,
		stream: true,
		seed: 1,
		bannedTokens: [],
		extra: {},
	});
	const asked = { ...turn, turn: 0, followsAbort: false, keepsContent: false, signal: over.signal, body };
	const answerMs = (TOKENS * 1000) / options.tokensPerSecond;
	const errors: string[] = [];
	let fromMs = Number.POSITIVE_INFINITY;
	let toMs = Number.POSITIVE_INFINITY;
	let tokens = 0;
	const running = Array.from({ length: lanes }, async (_, lane) => {
		// Spread over one answer, so that ends and beginnings do not come in waves.
		await delay((answerMs * lane) / lanes);
		while (!over.signal.aborted) {
			const { deltaMs, error } = await runRequest(target, asked);
			tokens += deltaMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
			if (error !== null) errors.push(error);
		}
	});
	await delay(answerMs);
	const cpu = process.cpuUsage();
	fromMs = performance.now();
	const samples: GatewaySample[] = [];
	for (let second = 0; second < seconds; second += 1) {
		await delay(1000);
		const sample = gateway.sample();
		if (sample !== null) samples.push(sample);
	}
	toMs = performance.now();
	const { user, system } = process.cpuUsage(cpu);
	over.abort();
	await Promise.all(running);
	await target.pool.destroy();
	await gateway.stop();
	const spanMs = toMs - fromMs;
	return { tokensPerSecond: (tokens * 1000) / spanMs, samples, generatorCpu: (user + system) / 1000 / spanMs, errors };
}

console.log('| workers | streams | tokens/s | of linear | gateway CPU | loop delay p99 | resident | generator CPU |');
console.log('|---|---|---|---|---|---|---|---|');
let one: number | null = null;
for (const workers of values.counts.split(',').map(Number)) {
	const { tokensPerSecond, samples, generatorCpu, errors } = await saturate(workers);
	one ??= tokensPerSecond / workers;
	const middle = (name: keyof GatewaySample) => median(samples.map((sample) => sample[name])) ?? Number.NaN;
	const cells = [
		workers,
		workers * options.slots,
		tokensPerSecond.toFixed(0),
		(tokensPerSecond / (workers * one)).toFixed(3),
		middle('cpuShare').toFixed(2),
		`${middle('delayP99Ms').toFixed(1)} ms`,
		`${middle('rssMiB').toFixed(0)} MiB`,
		generatorCpu.toFixed(2),
	];
	console.log(`| ${cells.join(' | ')} |`);
	for (const error of new Set(errors)) console.log(`${errors.filter((each) => each === error).length} x ${error}`);
	if (errors.length > 0) process.exitCode = 1;
}
