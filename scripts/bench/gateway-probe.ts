/**
 * Loaded into a gateway process (`node --import`): writes once a second what only the process itself can tell, its CPU,
 * memory, garbage collection and the delay of its event loop, as PID.json into the folder BENCH_PROBE.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

const RESOLUTION_MS = 2;
const MIB = 2 ** 20;
const file = join(process.env.BENCH_PROBE ?? '.', `${process.pid}.json`);

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let pausesMs: number[] = [];
new PerformanceObserver((list) => {
	for (const { duration } of list.getEntries()) pausesMs.push(duration);
}).observe({ entryTypes: ['gc'] });

let cpu = process.cpuUsage();
let lastMs = performance.now();
setInterval(() => {
	const used = process.cpuUsage(cpu);
	const nowMs = performance.now();
	const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
	const sample = {
		cpuShare: (used.user + used.system) / 1000 / (nowMs - lastMs),
		rssMiB: rss / MIB,
		heapUsedMiB: heapUsed / MIB,
		heapTotalMiB: heapTotal / MIB,
		externalMiB: external / MIB,
		// The histogram counts its own timer as delay.
		delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
		delayMaxMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
		gcMs: pausesMs.reduce((sum, ms) => sum + ms, 0),
		gcMaxMs: Math.max(0, ...pausesMs),
	};
	cpu = process.cpuUsage();
	lastMs = nowMs;
	pausesMs = [];
	delay.reset();
	writeFileSync(`${file}.new`, JSON.stringify(sample));
	renameSync(`${file}.new`, file);
}, 1000).unref();
