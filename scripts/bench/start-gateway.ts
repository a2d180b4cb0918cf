import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { configError } from '../../src/errors.ts';

const sampleSchema = z.object({
	cpuShare: z.number(),
	rssMiB: z.number(),
	heapUsedMiB: z.number(),
	heapTotalMiB: z.number(),
	externalMiB: z.number(),
	delayP99Ms: z.number(),
	delayMaxMs: z.number(),
	gcMs: z.number(),
	gcMaxMs: z.number(),
});
/** What the last second cost the gateway: sums over its processes, and the worst of their delays. */
export type GatewaySample = z.infer<typeof sampleSchema>;

export type GatewayOptions = {
	/** retort's main.js. */
	main: string;
	/** Before it. */
	nodeFlags: readonly string[];
	port: number;
	gateways: number;
	workers: number;
	/** Of a worker each. */
	slots: number;
	tokensPerSecond: number;
};

export type BenchGateway = {
	url: string;
	/** The first worker, without the gateway. */
	directUrl: string;
	/** Null where no process has told anything yet. */
	sample(): GatewaySample | null;
	stop(): Promise<void>;
};

/** retort itself, as its users start it, in front of scripted workers. Throws config_error when it does not come up. */
export async function startGateway(options: GatewayOptions): Promise<BenchGateway> {
	const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
	const probes = join(folder, 'probes');
	mkdirSync(probes);
	const workers = Array.from({ length: options.workers }, (_, index) =>
		startWorker(`unix:${join(folder, `${index}.sock`)}`, options),
	);
	const server = startServer(folder, probes, workers, options);
	const children = [...workers.map(({ child }) => child), server];
	const stop = async () => {
		for (const child of [...children].reverse()) {
			child.kill('SIGTERM');
			if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
		}
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		const directUrl = await printed(workers[0]?.child, /^without a gateway: (\S+)$/);
		const url = await printed(server, /(http:\/\/\S+)\/v1$/);
		return { url, directUrl, stop, sample: () => readSample(probes) };
	} catch (error) {
		const log = readFileSync(join(folder, 'retort.log'), 'utf8');
		await stop();
		throw configError(`the gateway did not start:\n${log}`, error);
	}
}

function startWorker(endpoint: string, { slots, tokensPerSecond }: GatewayOptions) {
	const file = fileURLToPath(new URL('scripted-worker.js', import.meta.url));
	const flags = ['--listen', endpoint, '--slots', String(slots), '--tokens-per-second', String(tokensPerSecond)];
	const child = spawn(process.execPath, [file, ...flags, '--direct'], { stdio: ['pipe', 'pipe', 'inherit'] });
	return { endpoint, child };
}

function startServer(
	folder: string,
	probes: string,
	workers: readonly { endpoint: string }[],
	{ main, nodeFlags, port, gateways }: GatewayOptions,
): ChildProcess {
	const hosts = workers.map(({ endpoint }) => ({ url: endpoint }));
	const config = join(folder, 'retort.json');
	const server = { port, gateways };
	const models = { scripted: { workers: 0, hosts } };
	writeFileSync(config, JSON.stringify({ server, models, queue: { maxLength: 10_000 } }));
	const probe = new URL('gateway-probe.js', import.meta.url).href;
	const log = openSync(join(folder, 'retort.log'), 'w');
	return spawn(process.execPath, [...nodeFlags, main, '--config', config], {
		stdio: ['ignore', 'pipe', log],
		env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${probe}`, BENCH_PROBE: probes },
	});
}

/** Waits for the line and gives what its group holds. */
async function printed(child: ChildProcess | undefined, pattern: RegExp): Promise<string> {
	if (child?.stdout) {
		for await (const line of createInterface({ input: child.stdout })) {
			const found = pattern.exec(line)?.[1];
			if (found !== undefined) {
				child.stdout.resume();
				return found;
			}
		}
	}
	throw configError(`ended without a line like ${pattern}`);
}

function readSample(folder: string): GatewaySample | null {
	const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
	const samples = files.map((name) => sampleSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
	return samples.length === 0 ? null : samples.reduce(joinSamples);
}

function joinSamples(one: GatewaySample, other: GatewaySample): GatewaySample {
	return {
		cpuShare: one.cpuShare + other.cpuShare,
		rssMiB: one.rssMiB + other.rssMiB,
		heapUsedMiB: one.heapUsedMiB + other.heapUsedMiB,
		heapTotalMiB: one.heapTotalMiB + other.heapTotalMiB,
		externalMiB: one.externalMiB + other.externalMiB,
		delayP99Ms: Math.max(one.delayP99Ms, other.delayP99Ms),
		delayMaxMs: Math.max(one.delayMaxMs, other.delayMaxMs),
		gcMs: one.gcMs + other.gcMs,
		gcMaxMs: Math.max(one.gcMaxMs, other.gcMaxMs),
	};
}
