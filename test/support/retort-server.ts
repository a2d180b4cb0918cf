import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, whether this file runs from its sources or compiled into a folder below. */
const root = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
	return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}

export type LogLine = Record<string, unknown> & { level: string; msg: string };

export type RetortServer = {
	url: string;
	/** From process start to the banner. */
	readyMs: number;
	banner: string;
	process: ChildProcess;
	/** What it logged so far. */
	logs(): LogLine[];
	/** Process ids of its workers, by worker id, as of the last launch of each. */
	workerPids(): Map<string, number>;
	/** Resolves once it has ended. */
	exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
	/** Ends it and whatever is left of it. */
	stop(): Promise<void>;
};

type RunOptions = {
	env?: Record<string, string>;
	cwd?: string;
	/** Runs it as `"$0" "$@"`, under what the shell can set. */
	shell?: string;
};

/** A command line of retort that may end by itself: everything it printed, and how it ended. */
export function runRetort(args: string[], options: RunOptions = {}) {
	const line = [join(root, 'dist', 'main.js'), ...args];
	const [command, first] =
		options.shell === undefined ? [process.execPath, []] : ['/bin/sh', ['-c', options.shell, process.execPath]];
	const child = spawn(command, [...first, ...line], {
		stdio: ['ignore', 'pipe', 'pipe'],
		cwd: options.cwd ?? root,
		env: { ...process.env, ...options.env },
	});
	let stdout = '';
	let stderr = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
	});
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
		child.once('close', (code, signal) => resolve({ code, signal }));
	});
	return { child, exited, stdout: () => stdout, stderr: () => stderr };
}

/** Starts the built server on a free port and waits for its banner. */
export async function startRetort(
	args: string[] = [],
	options: Pick<RunOptions, 'env' | 'shell'> = {},
): Promise<RetortServer> {
	const startedMs = performance.now();
	const { child, exited, stdout, stderr } = runRetort(['--port', '0', ...args], options);
	const hasEnded = exited.then(({ code }) => {
		throw new Error(`retort ended with ${code} before it was ready:\n${stdout()}${stderr()}`);
	});
	const hasBanner = (async () => {
		while (!/^curl .*\n/m.test(stdout())) await once(child.stdout, 'data');
	})();
	await Promise.race([hasBanner, hasEnded]);
	const readyMs = performance.now() - startedMs;
	hasEnded.catch(() => undefined);
	const url = /(http:\/\/\S+)\/v1$/m.exec(stdout())?.[1];
	if (url === undefined) throw new Error(`no address in the banner:\n${stdout()}`);
	const logs = () => parseLogs(stderr());
	const workerPids = () => {
		// A worker of another host has no process here; signalling pid 0 would end this very process and all its group.
		const launched = logs().filter(({ msg, pid }) => msg === 'worker launched' && typeof pid === 'number');
		return new Map(launched.map(({ workerId, pid }) => [String(workerId), Number(pid)]));
	};
	return {
		url,
		readyMs,
		banner: stdout(),
		process: child,
		logs,
		workerPids,
		exited,
		async stop() {
			if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
			await exited;
			for (const pid of workerPids().values()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
		},
	};
}

function parseLogs(text: string): LogLine[] {
	return text.split('\n').flatMap((line): LogLine[] => {
		try {
			return [JSON.parse(line)];
		} catch {
			return []; // the last line may be half there
		}
	});
}

export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
