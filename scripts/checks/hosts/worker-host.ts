import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

/** A worker on a "host" of its own: a network namespace behind a link where we may make one, else a loopback address. */
export type WorkerHost = {
	proxy: FaultProxy;
	kill(): void;
	freeze(isFrozen: boolean): void;
	/** Only with a namespace. */
	link: { up(isUp: boolean): void; slow(isSlow: boolean): void } | null;
	/** SIGTERM, and until it has finished what it runs. */
	end(): Promise<void>;
	/** After a kill or an end. */
	restart(): Promise<void>;
	stop(): Promise<void>;
};

export const canHaveNamespaces = (() => {
	try {
		ip('netns', 'add', 'retort-probe');
		ip('netns', 'del', 'retort-probe');
		return true;
	} catch {
		return false;
	}
})();

export async function startWorkerHost(
	index: number,
	options: { tokenFile: string; slots: number; tls: { cert: string; key: string; clientCa: string } | null },
): Promise<WorkerHost> {
	const { tls } = options;
	const namespace = `retort-${process.pid}-${index}`;
	const device = `rt${process.pid % 100_000}v${index}`;
	const host = canHaveNamespaces ? `10.213.${index}.2` : `127.0.0.${2 + index}`;
	const port = canHaveNamespaces ? 9000 : await freePort(host);
	if (canHaveNamespaces) addNamespace(namespace, device, index);
	const args = [
		resolve('dist/main.js'),
		'worker',
		`--listen=tcp://${host}:${port}`,
		`--token-file=${options.tokenFile}`,
		`--model=${resolve('models/pocket-reasoner/pocket-reasoner-q8_0.gguf')}`,
		'--name=pocket-reasoner',
		`--slots=${options.slots}`,
		'--context=1024',
		'--end-with-stdin',
		...(tls === null ? [] : [`--tls-cert=${tls.cert}`, `--tls-key=${tls.key}`, `--tls-client-ca=${tls.clientCa}`]),
	];
	const [command, commandArgs] = canHaveNamespaces
		? ['ip', ['netns', 'exec', namespace, process.execPath, ...args]]
		: [process.execPath, args];
	let child: ChildProcess;
	const launch = async () => {
		child = spawn(command, commandArgs, { stdio: ['pipe', 'pipe', 'inherit'] });
		// It says that it listens; its model loads meanwhile.
		if (child.stdout !== null) await once(child.stdout, 'data');
		child.stdout?.resume();
	};
	await launch();
	const proxy = await startFaultProxy({ host, port });
	return {
		proxy,
		kill: () => void child.kill('SIGKILL'),
		freeze: (isFrozen) => void child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT'),
		link: canHaveNamespaces
			? {
					up: (isUp) => ip('link', 'set', device, isUp ? 'up' : 'down'),
					slow: (isSlow) => slowDown(namespace, isSlow),
				}
			: null,
		async end() {
			const exited = once(child, 'exit');
			child.kill('SIGTERM');
			await exited;
		},
		restart: launch,
		async stop() {
			const exited = once(child, 'exit');
			if (child.exitCode === null && child.signalCode === null) {
				child.kill('SIGKILL');
				await exited;
			}
			proxy.close();
			if (canHaveNamespaces) ip('netns', 'del', namespace);
		},
	};
}

function addNamespace(namespace: string, device: string, index: number): void {
	ip('netns', 'add', namespace);
	ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
	ip('addr', 'add', `10.213.${index}.1/30`, 'dev', device);
	ip('link', 'set', device, 'up');
	ip('-n', namespace, 'addr', 'add', `10.213.${index}.2/30`, 'dev', 'eth0');
	ip('-n', namespace, 'link', 'set', 'eth0', 'up');
	ip('-n', namespace, 'link', 'set', 'lo', 'up');
}

/** What comes from the worker, at 64 kbit/s: a token bucket, which kernels have that lack netem. */
function slowDown(namespace: string, isSlow: boolean): void {
	const limits = isSlow ? ['tbf', 'rate', '64kbit', 'burst', '4kb', 'latency', '5s'] : [];
	execFileSync('ip', [
		'netns',
		'exec',
		namespace,
		'tc',
		'qdisc',
		isSlow ? 'add' : 'del',
		'dev',
		'eth0',
		'root',
		...limits,
	]);
}

function ip(...args: string[]): void {
	execFileSync('ip', args, { stdio: 'pipe' });
}

async function freePort(host: string): Promise<number> {
	const probe = createServer().listen(0, host);
	await once(probe, 'listening');
	const bound = probe.address();
	probe.close();
	return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
