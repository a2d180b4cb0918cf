/**
 * The gateway in front of scripted workers, for the workloads `gateway` and `whole`: what is measured is our own
 * overhead. Prints its URL, then a line of JSON a second: CPU, memory and the delay of its event loop.
 *
 *   node gateway.js [--port 0] [--workers 1] [--slots 2048] [--tokens-per-second 10]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { configSchema } from '../../src/config/schema.ts';
import { buildApp } from '../../src/gateway/app.ts';
import { WorkerPool } from '../../src/pool/worker-pool.ts';

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '0' },
		workers: { type: 'string', default: '1' },
		slots: { type: 'string', default: '2048' },
		'tokens-per-second': { type: 'string', default: '10' },
	},
});
const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
const workerFile = fileURLToPath(new URL('scripted-worker.js', import.meta.url));
const children: ChildProcess[] = [];
const endpoints = Array.from({ length: Number(values.workers) }, (_, index) => {
	const endpoint = `unix:${join(folder, `${index}.sock`)}`;
	const flags = ['--listen', endpoint, '--slots', values.slots, '--tokens-per-second', values['tokens-per-second']];
	children.push(spawn(process.execPath, [workerFile, ...flags], { stdio: ['pipe', 'inherit', 'inherit'] }));
	return endpoint;
});

const log = pino({ level: 'warn' });
const remotes = endpoints.map((url) => ({
	where: { type: 'url' as const, url },
	refreshMs: 0,
	token: null,
	tls: null,
	engine: { kind: 'retort' as const },
}));
const config = configSchema.parse({ queue: { maxLength: 20_000 } });
const pool = new WorkerPool({
	models: { scripted: { aliases: [], workers: 0, remotes } },
	spawn: () => ({ command: '', args: [], env: {} }),
	queue: config.queue,
	workers: config.workers,
	log: {
		debug() {},
		info() {},
		warn: (fields, text) => log.warn(fields, text),
		error: (fields, text) => log.error(fields, text),
	},
});
pool.start();
const app = buildApp({
	config,
	pool,
	log: {
		debug() {},
		info() {},
		warn: (fields, text) => log.warn(fields, text),
		error: (fields, text) => log.error(fields, text),
	},
	version: 'bench',
});
console.log(await app.listen({ host: '127.0.0.1', port: Number(values.port) }));

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let cpu = process.cpuUsage();
setInterval(() => {
	const used = process.cpuUsage(cpu);
	cpu = process.cpuUsage();
	const cpuShare = (used.user + used.system) / 1_000_000;
	const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20);
	// The histogram counts its own 5 ms timer as delay.
	const delayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - 5);
	delay.reset();
	console.log(JSON.stringify({ cpuShare, rssMiB, delayP99Ms: Number(delayP99Ms.toFixed(2)) }));
}, 1000);

const leave = () => {
	for (const child of children) child.kill();
	rmSync(folder, { recursive: true, force: true });
	process.exit(0);
};
process.on('SIGTERM', leave);
process.on('SIGINT', leave);
