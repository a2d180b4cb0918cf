import { chmod, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { configError, shuttingDown } from '../errors.ts';
import type { WorkerGuard } from './guard.ts';
import { type LoadedModel, type LoadOptions, loadModel } from './load-model.ts';
import { createWorkerServer } from './server.ts';

export type WorkerOptions = Omit<LoadOptions, 'onFailure'> & {
	/** `unix:/path/to/socket` or `tcp://host:port`; port 0 picks a free one. */
	listen: string;
	/** For TCP; a unix socket is this user's alone. */
	guard: WorkerGuard;
	/** The name that the gateway serves the model under; for messages only. */
	name: string;
	/** Somebody asks for something. */
	onRequest?: () => void;
	/** The engine failed or the model did not load: the process should end, non-zero. */
	onFailure: (error: Error) => void;
};

export type RunningWorker = {
	/** `unix:/path`, `http://host:port` or `https://host:port`, as it came to be. */
	address: string;
	/** Resolves when the model is up; rejects when it cannot be loaded. */
	ready: Promise<void>;
	/** Finishes what runs, then lets go of the model. */
	close(): Promise<void>;
	/** Fails what runs, then lets go of the model. */
	destroy(): Promise<void>;
};

/** Listens at once, answering 503 `model_loading`, and loads the model meanwhile. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
	const { log } = options;
	let loaded: LoadedModel | null = null;
	let isClosed = false;
	const server = createWorkerServer({ model: options.name, loaded: () => loaded, guard: options.guard, log });
	if (options.onRequest !== undefined) server.on('request', options.onRequest);
	const scheme = options.guard.tls === null ? 'http' : 'https';
	const address = await listen(server, options.listen, scheme);
	const startedMs = performance.now();
	const loading = loadModel(options).then((model) => {
		loaded = model;
		const { contextTokens, slots, threads, versions } = model.info;
		const loadMs = Math.round(performance.now() - startedMs);
		log.info({ model: options.name, contextTokens, slots, threads, backend: versions.backend, loadMs }, 'model loaded');
	});
	loading.catch(options.onFailure);

	async function end(finish: (model: LoadedModel) => Promise<void>): Promise<void> {
		if (isClosed) return;
		isClosed = true;
		await loading.catch(() => undefined);
		// Until its last generation has ended it says that it drains: one that cannot be asked is taken for dead.
		if (loaded !== null) await finish(loaded);
		const closed = new Promise<void>((resolve) => server.close(() => resolve()));
		server.closeIdleConnections();
		const sweep = setInterval(() => server.closeIdleConnections(), 50);
		await closed.finally(() => clearInterval(sweep));
		await loaded?.dispose();
	}

	return {
		address,
		ready: loading,
		close: () => end((model) => (model.engine ?? model.embedder).close()),
		destroy: () => end((model) => (model.engine ?? model.embedder).destroy(shuttingDown())),
	};
}

/** Host and port of `tcp://host:port` or `host:port`; null for a unix socket. Throws `config_error`. */
export function parseListen(where: string): { host: string; port: number } | null {
	if (where.startsWith('unix:')) return null;
	const [, host, port] = /^(?:tcp:\/\/|http:\/\/)?(\[[^\]]+\]|[^:/]+):(\d{1,5})$/.exec(where) ?? [];
	if (host === undefined || Number(port) > 65_535)
		throw configError(`--listen takes unix:/PATH or tcp://HOST:PORT, not ${where}`);
	return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

async function listen(server: Server, where: string, scheme: string): Promise<string> {
	const tcp = parseListen(where);
	const path = where.slice('unix:'.length);
	// A socket file of a worker that was killed would be "address in use".
	if (tcp === null) await unlink(path).catch(() => undefined);
	await new Promise<void>((resolve, reject) => {
		server.once('error', (cause) => reject(configError(`cannot listen on ${where}: ${cause.message}`, cause)));
		if (tcp === null) server.listen(path, resolve);
		else server.listen(tcp.port, tcp.host, resolve);
	});
	if (tcp === null) {
		await chmod(path, 0o600);
		return where;
	}
	const bound = server.address();
	const port = typeof bound === 'object' && bound !== null ? bound.port : tcp.port;
	return `${scheme}://${tcp.host.includes(':') ? `[${tcp.host}]` : tcp.host}:${port}`;
}
