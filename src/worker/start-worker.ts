import { chmod, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { configError, shuttingDown } from '../errors.ts';
import { type LoadedModel, type LoadOptions, loadModel } from './load-model.ts';
import type { Log } from './log.ts';
import { createWorkerServer } from './server.ts';

export type WorkerOptions = Omit<LoadOptions, 'onFailure'> & {
	/** `unix:/path/to/socket` or `host:port`; port 0 picks a free one. */
	listen: string;
	/** The name that the gateway serves the model under; for messages only. */
	name: string;
	/** The engine failed or the model did not load: the process should end, non-zero. */
	onFailure: (error: Error) => void;
};

export type RunningWorker = {
	/** `unix:/path` or `http://host:port`, as it came to be. */
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
	const server = createWorkerServer({ model: options.name, loaded: () => loaded, log });
	const address = await listen(server, options.listen, log);
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
		const closed = new Promise<void>((resolve) => server.close(() => resolve()));
		await loading.catch(() => undefined);
		if (loaded !== null) await finish(loaded);
		server.closeIdleConnections();
		const sweep = setInterval(() => server.closeIdleConnections(), 50);
		await closed.finally(() => clearInterval(sweep));
		await loaded?.dispose();
	}

	return {
		address,
		ready: loading,
		close: () => end((model) => model.engine.close()),
		destroy: () => end((model) => model.engine.destroy(shuttingDown())),
	};
}

async function listen(server: Server, where: string, log: Log): Promise<string> {
	const path = where.startsWith('unix:') ? where.slice('unix:'.length) : null;
	const tcp = path === null ? /^(?:http:\/\/)?(.*):(\d+)$/.exec(where) : null;
	if (path === null && tcp === null) throw configError(`--listen takes unix:PATH or HOST:PORT, not ${where}.`);
	// A socket file of a worker that was killed would be "address in use".
	if (path !== null) await unlink(path).catch(() => undefined);
	await new Promise<void>((resolve, reject) => {
		server.once('error', (cause) => reject(configError(`Cannot listen on ${where}: ${cause.message}`, cause)));
		if (path !== null) server.listen(path, resolve);
		else server.listen(Number(tcp?.[2]), tcp?.[1]?.replace(/^\[|\]$/g, ''), resolve);
	});
	if (path !== null) {
		await chmod(path, 0o600);
		return `unix:${path}`;
	}
	const bound = server.address();
	const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
	log.debug({ port }, 'worker listens');
	return `http://${tcp?.[1]}:${port}`;
}
