import { localHost } from './local-host.ts';
import type { PoolModelOptions, PoolOptions } from './pool-options.ts';
import { remoteHost } from './remote-host.ts';
import type { WorkerHost } from './worker-host.ts';

const CONNECT_MS = 2000;
/** A stuck worker is found by its progress after one stall limit; these are for a stream that is stuck alone. */
const STALLS_TO_FIRST_EVENT = 6;
const STALLS_TO_GAP = 3;
/** Where the workers of one model come from. `folder` is asked for at the first launch of a local one. */
export function workerHosts(
	model: string,
	{ workers, endpoints = [] }: PoolModelOptions,
	options: Pick<PoolOptions, 'spawn' | 'workers' | 'log'> & { folder: () => string },
): WorkerHost[] {
	const stallMs = options.workers.stallSeconds * 1000;
	const http = (id: string) => ({
		id,
		model,
		connectMs: CONNECT_MS,
		patience: { firstEventMs: STALLS_TO_FIRST_EVENT * stallMs, gapMs: STALLS_TO_GAP * stallMs },
		controlMs: stallMs,
	});
	const local = Array.from({ length: workers }, (_, index) =>
		localHost({
			http: http(`${model}/${index}`),
			folder: options.folder,
			spawn: (socketPath) => options.spawn(model, socketPath),
			log: options.log,
		}),
	);
	const remote = endpoints.map((endpoint) => remoteHost({ http: http(endpoint), endpoint }));
	return [...local, ...remote];
}
