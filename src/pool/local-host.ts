import { join } from 'node:path';
import { type SpawnCommand, startChild } from './child-process.ts';
import { parseEndpoint } from './endpoint.ts';
import { HttpWorker, type HttpWorkerOptions } from './http-worker.ts';
import type { PoolLog } from './pool-log.ts';
import type { WorkerHost } from './worker-host.ts';

/** A worker that is a child process of this one, on a unix socket in `folder()`, which must be private. */
export function localHost(options: {
	http: Omit<HttpWorkerOptions, 'endpoint'>;
	folder: () => string;
	spawn: (socketPath: string) => SpawnCommand;
	log: PoolLog;
	/** From SIGTERM to SIGKILL. */
	killAfterMs: number;
}): WorkerHost {
	let launches = 0;
	return {
		id: options.http.id,
		launch() {
			// A path of its own for each launch: a socket file that a killed worker left is then never in the way.
			launches += 1;
			const socketPath = join(options.folder(), `${options.http.id.replaceAll(/[^A-Za-z0-9]/g, '-')}.${launches}.sock`);
			const child = startChild(options.spawn(socketPath), {
				workerId: options.http.id,
				log: options.log,
				killAfterMs: options.killAfterMs,
			});
			const worker = new HttpWorker({ ...options.http, endpoint: parseEndpoint(`unix:${socketPath}`) });
			return { worker, pid: child.pid, exited: child.exited, end: () => child.end(), kill: () => child.kill() };
		},
	};
}
