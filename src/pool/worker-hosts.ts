import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { HttpWorker } from './http-worker.ts';
import { localHost } from './local-host.ts';
import { outlivingHost } from './outliving-host.ts';
import type { PoolOptions } from './pool-options.ts';
import { remoteHost } from './remote-host.ts';
import type { RemoteOptions } from './remote-options.ts';
import { llamaServer } from './stock/llama-server/llama-server.ts';
import { openAiEndpoint } from './stock/openai/openai-endpoint.ts';
import { StockWorker } from './stock/stock-worker.ts';
import type { WorkerHost } from './worker-host.ts';

const CONNECT_MS = 2000;
/** A stuck worker is found by its progress after one stall limit; these are for a stream that is stuck alone. */
const STALLS_TO_FIRST_EVENT = 6;
const STALLS_TO_GAP = 3;

/** From SIGTERM to SIGKILL. */
const KILL_AFTER_MS = 2000;

type HostOptions = Pick<PoolOptions, 'spawn' | 'workers' | 'log' | 'stateFolder'> & { folder: () => string };

/** The worker processes of one model. `folder` is asked for at the first launch. */
export function localHosts(model: string, workers: number, options: HostOptions): WorkerHost[] {
	const { stateFolder = null, log } = options;
	return Array.from({ length: workers }, (_, index) => {
		const shared = {
			http: http(model, `${model}/${index}`, options),
			spawn: (socketPath: string) => options.spawn(model, socketPath),
			log,
			killAfterMs: KILL_AFTER_MS,
		};
		return stateFolder === null
			? localHost({ ...shared, folder: options.folder })
			: outlivingHost({ ...shared, folder: stateFolder });
	});
}

/** A worker of one model at this address, which is its id. Throws `config_error`. */
export function hostAt(url: string, model: string, remote: RemoteOptions, options: HostOptions): WorkerHost {
	const { token, where, engine } = remote;
	// Behind a name the address is a number, and the certificate is the name's.
	const serverName = where.type === 'url' ? null : new URL(where.url).hostname;
	const tls = url.startsWith('https:')
		? { ca: null, cert: null, key: null, ...remote.tls, serverName: remote.tls?.serverName ?? serverName }
		: null;
	const { origin, basePath } = engine.kind === 'openai' ? splitBase(url) : { origin: url, basePath: '' };
	return remoteHost({
		id: url,
		endpoint: parseEndpoint(origin, { token, tls }),
		connect: (endpoint: Endpoint) => {
			const reached = { ...http(model, url, options), endpoint };
			switch (engine.kind) {
				case 'retort':
					return new HttpWorker(reached);
				case 'llama-server':
					return new StockWorker(reached, llamaServer);
				case 'openai':
					return new StockWorker(reached, openAiEndpoint({ ...engine, basePath }));
			}
		},
	});
}

/** An API lies at /v1, unless the URL says otherwise. */
function splitBase(url: string): { origin: string; basePath: string } {
	if (!URL.canParse(url)) return { origin: url, basePath: '' };
	const { pathname } = new URL(url);
	const origin = pathname === '/' ? url : url.replace(pathname, '');
	return { origin, basePath: pathname === '/' ? '/v1' : pathname.replace(/\/$/, '') };
}

function http(model: string, id: string, { workers }: HostOptions) {
	const stallMs = workers.stallSeconds * 1000;
	return {
		id,
		model,
		connectMs: CONNECT_MS,
		patience: { firstEventMs: STALLS_TO_FIRST_EVENT * stallMs, gapMs: STALLS_TO_GAP * stallMs },
		controlMs: stallMs,
	};
}
