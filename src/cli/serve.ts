import type { Logger } from 'pino';
import { defaultConfig, loadConfig } from '../config/load-config.ts';
import { loadKeys } from '../config/load-keys.ts';
import type { Config } from '../config/schema.ts';
import { downloadFailed, shuttingDown } from '../errors.ts';
import type { SharedState } from '../gateway/shared/shared-state.ts';
import type { PoolObserver } from '../pool/pool-observer.ts';
import type { PoolModelOptions, PoolOptions } from '../pool/pool-options.ts';
import type { RemoteOptions } from '../pool/remote-options.ts';
import { WorkerPool } from '../pool/worker-pool.ts';
import { applyFlags } from './apply-flags.ts';
import { checkExposure } from './check-exposure.ts';
import { createLog } from './create-log.ts';
import { fetchModelFiles, type ModelFiles } from './model-files.ts';
import { type Memory, memoryBudget, modelMemory } from './model-memory.ts';
import { openShared } from './open-shared.ts';
import { embeddedModelPath, retortVersion } from './package-root.ts';
import { readAnnounced, readRemotes } from './read-remotes.ts';
import { readiness } from './readiness.ts';
import type { RunContext } from './run.ts';
import type { ServeFlags } from './serve-flags.ts';
import { watchShutdownSignals } from './shutdown-signals.ts';
import { stateFolder } from './state-folder.ts';
import { workerSpawner } from './worker-spawner.ts';

/**
 * `retort [serve]`: configuration, downloads, workers, HTTP, banner; then until a signal, and a drain. Resolves to the
 * exit code. Throws `config_error` and `download_failed` before anything runs.
 */
export async function serve(flags: ServeFlags, context: RunContext): Promise<number> {
	const keys = flags.apiKeyFile === undefined ? [] : loadKeys(flags.apiKeyFile);
	const base = flags.config === undefined ? defaultConfig() : loadConfig(flags.config);
	const config = applyFlags(base, flags, keys, embeddedModelPath);
	checkExposure(config);
	const remotes = readRemotes(config);
	const announced = readAnnounced(config);
	const log = createLog(config.logging, process.stderr);
	const shutdown = watchShutdownSignals(() => context.exit(1));
	try {
		const files = await fetchModels(config, log, shutdown.signal);
		const memory = await modelMemory(config, files);
		return await runServer(config, { files, remotes, announced, memory }, log, shutdown.signal);
	} catch (error) {
		if (shutdown.signal.aborted) return 0; // during a download, or the load
		throw error;
	} finally {
		shutdown.stop();
	}
}

/** The files of the models that run here, by name. */
async function fetchModels(config: Config, log: Logger, signal: AbortSignal): Promise<Map<string, ModelFiles>> {
	const terminal = process.stderr.isTTY ? process.stderr : null;
	const files = new Map<string, ModelFiles>();
	for (const [name, { source, sha256 = null, draft, workers }] of Object.entries(config.models)) {
		if (source === undefined || workers === 0) continue;
		const options = { environment: process.env, signal, terminal, log };
		files.set(name, await fetchModelFiles({ source, sha256, draft }, options));
	}
	return files;
}

/** What configuration and files led to. */
type Found = {
	files: Map<string, ModelFiles>;
	remotes: Map<string, RemoteOptions[]>;
	announced: PoolOptions['announced'];
	memory: Memory;
};

async function runServer(
	config: Config,
	{ files, remotes, announced, memory }: Found,
	log: Logger,
	signal: AbortSignal,
): Promise<number> {
	const version = retortVersion();
	const observer: PoolObserver = {};
	const pool = new WorkerPool({
		models: poolModels(config, remotes, memory),
		announced: announced ?? null,
		routes: config.routes,
		fallbacks: config.fallbacks,
		memoryBudgetBytes: memoryBudget(config),
		stateFolder: stateFolder(config),
		spawn: workerSpawner(config, files),
		queue: config.queue,
		workers: config.workers,
		log,
		observer,
	});
	const onAbort = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
	try {
		pool.start();
		// Loaded while the workers load: half a second of the start.
		const { createMetrics, openGateway, openGateways, announce } = await loadHttp();
		const metrics = createMetrics();
		const ready = readiness(() => isReady(pool));
		watchPool(observer, metrics.poolObserver, ready.check);
		const open = config.server.gateways === 1 ? openGateway : openGateways;
		const shared = config.server.gateways === 1 ? await openShared(config, log) : null;
		if (shared !== null) await shareHints(shared, pool, observer);
		const front = await open({ config, pool, log, version, metrics, shared, workerToken: announced?.token ?? null });
		observer.changed = () => setImmediate(() => front.tell?.());
		front.tell?.();
		try {
			await Promise.race([ready.promise, onAbort]);
			if (!signal.aborted) announce(config, pool.models(), { url: front.url, version }, log);
			await onAbort;
			log.info({ signal: String(signal.reason), graceSeconds: config.server.drainSeconds }, 'shutting down');
			await front.drain(config.server.drainSeconds * 1000);
			await pool.drain(0);
			log.info({}, 'stopped');
			return 0;
		} finally {
			await front.close();
			await shared?.close();
		}
	} finally {
		await pool.destroy(shuttingDown());
	}
}

/** A model without a source has no local workers. */
function poolModels(
	config: Config,
	remotes: Map<string, RemoteOptions[]>,
	memory: Memory,
): Record<string, PoolModelOptions> {
	const entries = Object.entries(config.models).map(([name, model]) => {
		const { aliases, source, load, ttlSeconds } = model;
		const workers = source === undefined ? 0 : model.workers;
		const memoryBytes = memory.get(name) ?? 0;
		return [name, { aliases, workers, load, ttlSeconds, memoryBytes, remotes: remotes.get(name) ?? [] }] as const;
	});
	return Object.fromEntries(entries);
}

async function loadHttp() {
	const [one, several, metrics, announcing] = await Promise.all([
		import('./open-gateway.ts'),
		import('./open-gateways.ts'),
		import('../gateway/metrics.ts'),
		import('./announce.ts'),
	]);
	return { ...one, ...several, ...metrics, ...announcing };
}

/** Gateways tell each other which worker knows which conversation. */
async function shareHints(shared: SharedState, pool: WorkerPool, observer: PoolObserver): Promise<void> {
	const { shareAffinity } = await import('../gateway/shared/affinity-hints.ts');
	observer.placed = shareAffinity(shared, pool);
}

function isReady(pool: WorkerPool): boolean {
	if (pool.models().every(({ state }) => state === 'ready' || state === 'resting')) return true;
	// Given up on, and not a single one serves: whoever supervises us should hear of it by the exit code.
	const { workers } = pool.status();
	if (workers.length > 0 && workers.every(({ state }) => state === 'circuit-open' || state === 'refused'))
		throw downloadFailed('no model could be loaded: the log above says why');
	return false;
}

/** The metrics watch the pool, and so does readiness: a turn later, since the pool tells just before its state changes. */
function watchPool(observer: PoolObserver, metrics: PoolObserver, check: () => void): void {
	Object.assign(observer, metrics, {
		workerReady: (event) => {
			metrics.workerReady?.(event);
			setImmediate(check);
		},
		workerDied: (event) => {
			metrics.workerDied?.(event);
			setImmediate(check);
		},
	} satisfies PoolObserver);
	setImmediate(check);
}
