import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RetortServer, startRetort } from '../../../test/support/retort-server.ts';

export const LEASE_SECONDS = 3;

const KEYS = {
	racing: { requestsPerMinute: 100 },
	parallel: { concurrentRequests: 3 },
	frugal: { tokensPerMinute: 2000 },
	free: {},
	later: { requestsPerMinute: 40 },
	shaky: {},
	admin: {},
} as const;
export type KeyName = keyof typeof KEYS;
export const bearerOf = (name: KeyName) => ({ authorization: `Bearer ${keyOf(name)}` });
const keyOf = (name: KeyName) => `sk-${name}-0123456789abcdef`;

/** Two hosts' gateways, the Redis that they share, and haproxy in front of them. */
export type Rig = {
	one: RetortServer;
	other: RetortServer;
	/** URL of haproxy. */
	proxy: string;
	redis: { signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void; startAgain(): void };
	close(): Promise<void>;
};

/** Of so many gateway processes each host. Installs what is missing by apt. */
export async function startRig(processes: number): Promise<Rig> {
	need('redis-server', 'redis-server');
	need('haproxy', 'haproxy');
	const folder = mkdtempSync(join(tmpdir(), 'retort-redis-'));
	const children: ChildProcess[] = [];
	const servers: RetortServer[] = [];

	function run(command: string, args: string[]): ChildProcess {
		const child = spawn(command, args, { stdio: 'ignore' });
		children.push(child);
		return child;
	}

	async function close(): Promise<void> {
		for (const server of servers) await server.stop();
		for (const child of children) child.kill('SIGKILL');
		rmSync(folder, { recursive: true, force: true });
	}

	try {
		const redisPort = freePort();
		const startRedis = () =>
			run('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']);
		let redis = startRedis();
		await delay(500);
		const config = writeConfig(folder, redisPort, processes);
		const start = async () => {
			const server = await startRetort(['--config', config, '--slots', '8']);
			servers.push(server);
			return server;
		};
		const [one, other] = [await start(), await start()];
		const proxyPort = freePort();
		run('haproxy', ['-db', '-f', writeProxy(folder, proxyPort, [one.url, other.url])]);
		const proxy = `http://127.0.0.1:${proxyPort}`;
		await untilServed(proxy);
		await delay(2500); // a heartbeat: each knows of the other
		return {
			one,
			other,
			proxy,
			redis: {
				signal: (signal) => redis.kill(signal),
				startAgain() {
					redis = startRedis();
				},
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

function need(program: string, aptPackage: string): void {
	try {
		execFileSync('which', [program], { stdio: 'ignore' });
	} catch {
		execFileSync('apt-get', ['install', '-y', '-q', aptPackage], { stdio: ['ignore', 'ignore', 'inherit'] });
	}
}

function freePort(): number {
	return 28_100 + Math.floor(Math.random() * 800);
}

function writeConfig(folder: string, redisPort: number, processes: number): string {
	const keys = Object.entries(KEYS).map(([id, limits]) => {
		const sha256 = createHash('sha256')
			.update(keyOf(id as KeyName))
			.digest('hex'); // the keys of KEYS
		return { id, sha256, limits, admin: id === 'admin' };
	});
	const path = join(folder, 'gateway.yaml');
	const redis = { url: `redis://127.0.0.1:${redisPort}`, leaseSeconds: LEASE_SECONDS };
	// JSON is YAML.
	writeFileSync(path, JSON.stringify({ keys, redis, server: { gateways: processes } }));
	return path;
}

function writeProxy(folder: string, port: number, urls: readonly string[]): string {
	const path = join(folder, 'haproxy.cfg');
	const lines = [
		'defaults',
		'  mode http',
		'  timeout connect 1s',
		'  timeout client 1m',
		'  timeout server 1m',
		'  retries 3',
		'  retry-on conn-failure empty-response',
		'  option redispatch',
		`listen retort`,
		`  bind 127.0.0.1:${port}`,
		'  option httpchk GET /readyz',
		...urls.map((url, index) => `  server g${index} ${new URL(url).host} check inter 500ms fall 2 rise 1`),
	];
	writeFileSync(path, `${lines.join('\n')}\n`);
	return path;
}

async function untilServed(url: string): Promise<void> {
	for (let tries = 0; tries < 50; tries += 1) {
		const response = await fetch(`${url}/v1/models`, { headers: bearerOf('free') }).catch(() => null);
		if (response?.ok === true) return;
		await delay(200);
	}
}
