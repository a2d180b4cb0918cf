import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, type SpawnCommand, startChild } from './child-process.ts';
import { parseEndpoint } from './endpoint.ts';
import { HttpWorker, type HttpWorkerOptions } from './http-worker.ts';
import type { PoolLog } from './pool-log.ts';
import type { LaunchedWorker, WorkerHost } from './worker-host.ts';

/** How often an adopted process, which is no child of ours, is looked for. */
const LOOK_MS = 250;

type Options = {
	http: Omit<HttpWorkerOptions, 'endpoint'>;
	/** Private, and the same for the next gateway. */
	folder: string;
	spawn: (socketPath: string) => SpawnCommand;
	log: PoolLog;
	killAfterMs: number;
};

/**
 * A worker process that lives on when its gateway ends, with its model loaded, and is adopted by the next one. It ends by
 * itself when nobody asks for it for a while. One that was started otherwise than it would be now is replaced.
 */
export function outlivingHost(options: Options): WorkerHost {
	const { id } = options.http;
	const name = id.replaceAll(/[^A-Za-z0-9]/g, '-');
	const socketPath = join(options.folder, `${name}.sock`);
	const recordPath = join(options.folder, `${name}.json`);
	let isFirst = true;
	return {
		id,
		launch(): LaunchedWorker {
			const command = options.spawn(socketPath);
			const print = createHash('sha256').update(JSON.stringify(command)).digest('hex');
			const found = isFirst ? readRecord(recordPath, socketPath) : null;
			isFirst = false;
			if (found !== null && found.print !== print) process.kill(found.pid, 'SIGKILL');
			const isAdopted = found !== null && found.print === print;
			const child = isAdopted ? adopt(found.pid, options.killAfterMs) : start(command, options);
			if (isAdopted) options.log.info({ workerId: id, pid: found.pid }, 'worker of an earlier gateway is adopted');
			else writeFileSync(recordPath, JSON.stringify({ pid: child.pid, print }), { mode: 0o600 });
			const worker = new HttpWorker({ ...options.http, endpoint: parseEndpoint(`unix:${socketPath}`) });
			const { pid, exited } = child;
			return { worker, pid, exited, end: () => child.end(), kill: () => child.kill(), livesOn: true };
		},
	};
}

function start(command: SpawnCommand, { http, log, killAfterMs }: Options): Child {
	return startChild(command, { workerId: http.id, log, killAfterMs, livesOn: true });
}

/** null where no such process lives: a process id alone may be somebody else's by now. */
function readRecord(path: string, socketPath: string): { pid: number; print: string } | null {
	try {
		const { pid, print }: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
		if (typeof pid !== 'number' || typeof print !== 'string' || !isAlive(pid)) return null;
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(socketPath) ? { pid, print } : null;
	} catch {
		return null; // never written, or a system without /proc
	}
}

function adopt(pid: number, killAfterMs: number): Child {
	const exited = (async () => {
		while (isAlive(pid)) await delay(LOOK_MS, undefined, { ref: false });
		return 'gone';
	})();
	const send = (signal: NodeJS.Signals) => {
		if (isAlive(pid)) process.kill(pid, signal);
	};
	return {
		pid,
		exited,
		async end() {
			send('SIGTERM');
			const timer = setTimeout(() => send('SIGKILL'), killAfterMs);
			try {
				await exited;
			} finally {
				clearTimeout(timer);
			}
		},
		kill: () => send('SIGKILL'),
	};
}

/** A process that ended and that nobody has waited for is dead. */
function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}
