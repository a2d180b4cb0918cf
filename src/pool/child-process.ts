import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { PoolLog } from './pool-log.ts';
import { relogLine } from './relog-line.ts';

export type SpawnCommand = { command: string; args: string[]; env: Record<string, string> };

export type Child = {
	readonly pid: number | null;
	/** Settles once the process is gone, with the reason in words, its last complaint too if it failed; never rejects. */
	readonly exited: Promise<string>;
	/** SIGTERM, and SIGKILL after `killAfterMs`. Settles once it is gone. */
	end(): Promise<void>;
	kill(): void;
};

/** What a worker may inherit: where programs, libraries and devices are. Never keys, tokens or proxies. */
const INHERITED = /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_.*|(CUDA|NVIDIA|HIP|ROCR|GGML|VK|OMP)_.*)$/;

/** From a worker's end until the rest of what it said was read. */
const LAST_WORDS_MS = 500;

/**
 * Before the worker's own program: no core dumps (they would hold prompts), files for this user alone, and, where
 * util-linux has it, SIGKILL from the kernel when the parent dies, for a child too stuck to notice that its stdin ended.
 */
const PRELUDE = `ulimit -c 0; umask 077
setpriv --pdeathsig KILL true 2>/dev/null && exec setpriv --pdeathsig KILL "$0" "$@"
exec "$0" "$@"`;

/** The same for one that lives on when we end. */
const FREE_PRELUDE = `ulimit -c 0; umask 077
exec "$0" "$@"`;

/**
 * Starts a worker process. Unless it `livesOn`, it lives no longer than we do: its stdin is a pipe of ours that ends with us, however we end,
 * and the worker ends with its stdin. Its log lines come out through `log`.
 */
export function startChild(
	spawnCommand: SpawnCommand,
	options: { workerId: string; log: PoolLog; killAfterMs: number; livesOn?: boolean },
): Child {
	const { command, args, env } = spawnCommand;
	const inherited = Object.entries(process.env).filter(([name]) => INHERITED.test(name));
	const { livesOn = false } = options;
	const child = spawn('/bin/sh', ['-c', livesOn ? FREE_PRELUDE : PRELUDE, command, ...args], {
		// One that lives on is no part of our terminal's job, and reads nothing.
		stdio: ['pipe', 'pipe', 'pipe'],
		detached: livesOn,
		env: { ...Object.fromEntries(inherited), ...env },
	});
	let complaint: string | null = null;
	const exited = new Promise<string>((resolve) => {
		child.on('error', (error) => resolve(`could not be started: ${error.message}`));
		child.once('exit', (code, signal) => {
			if (signal !== null) return resolve(`signal ${signal}`);
			const tell = () => resolve(`exit code ${code}${complaint === null ? '' : `: ${complaint}`}`);
			if (code === 0) return resolve('exit code 0');
			// What it said last may still be in the pipe, and the pipe with a child of its own.
			const timer = setTimeout(tell, LAST_WORDS_MS);
			child.once('close', () => {
				clearTimeout(timer);
				tell();
			});
		});
	});
	// A pipe whose other end died says EPIPE; the exit says it better.
	child.stdin.on('error', () => {});
	const hear = (line: string) => {
		complaint = relogLine(line, options.workerId, options.log) ?? complaint;
	};
	readLines(child.stdout, hear);
	readLines(child.stderr, hear);
	preferAsVictim(child);

	let killTimer: NodeJS.Timeout | undefined;
	return {
		pid: child.pid ?? null,
		exited,
		async end() {
			child.kill('SIGTERM');
			killTimer ??= setTimeout(() => child.kill('SIGKILL'), options.killAfterMs);
			try {
				await exited;
			} finally {
				clearTimeout(killTimer);
			}
		},
		kill() {
			child.kill('SIGKILL');
		},
	};
}

function readLines(stream: Readable, hear: (line: string) => void): void {
	stream.on('error', () => {});
	createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', hear);
}

/** When memory runs out the kernel should take a worker, which comes back, and not the gateway. Linux only. */
function preferAsVictim(child: ChildProcess): void {
	if (child.pid === undefined || process.platform !== 'linux') return;
	// Best effort: the file may be gone with the process.
	writeFile(`/proc/${child.pid}/oom_score_adj`, '500').catch(() => {});
}
