import type { Logger } from 'pino';
import { prepareTemplate } from '../chat/template.ts';
import { defaultConfig, loadConfig } from '../config/load-config.ts';
import { loadKeys } from '../config/load-keys.ts';
import type { Config } from '../config/schema.ts';
import { configError, downloadFailed } from '../errors.ts';
import { buildApp } from '../gateway/app.ts';
import { drainServer } from '../gateway/drain-server.ts';
import { isLoopbackName } from '../gateway/loopback.ts';
import { createMetrics } from '../gateway/metrics.ts';
import { WorkerPool } from '../pool/worker-pool.ts';
import { resolveModelSource } from '../worker/download-model.ts';
import { applyFlags } from './apply-flags.ts';
import { type BannerModel, formatBanner } from './banner.ts';
import { checkExposure } from './check-exposure.ts';
import { createLog } from './create-log.ts';
import { embeddedModelPath, retortVersion } from './package-root.ts';
import type { RunContext } from './run.ts';
import type { ServeFlags } from './serve-flags.ts';
import { watchShutdownSignals } from './shutdown-signals.ts';
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
	const log = createLog(config.logging, process.stderr);
	const shutdown = watchShutdownSignals(() => context.exit(1));
	try {
		const paths = await resolveModels(config, log, shutdown.signal);
		return await runServer(config, paths, log, shutdown.signal);
	} catch (error) {
		if (shutdown.signal.aborted) return 0; // during a download, or the load
		throw error;
	} finally {
		shutdown.stop();
	}
}

/** Paths of the models' files, by name; those of `hf:` sources are downloaded first. */
async function resolveModels(config: Config, log: Logger, signal: AbortSignal): Promise<Map<string, string>> {
	const terminal = process.stderr.isTTY ? process.stderr : null;
	const paths = new Map<string, string>();
	for (const [name, { source, sha256 = null }] of Object.entries(config.models)) {
		const options = { environment: process.env, sha256, signal, terminal, log };
		paths.set(name, await resolveModelSource(source, options));
	}
	return paths;
}

async function runServer(
	config: Config,
	paths: Map<string, string>,
	log: Logger,
	signal: AbortSignal,
): Promise<number> {
	const version = retortVersion();
	const metrics = createMetrics();
	const ready = readiness(() => {
		if (pool.models().every(({ state }) => state === 'ready')) return true;
		// Given up on, and not a single one serves: a supervisor of ours should hear of it by the exit code.
		if (pool.status().workers.every(({ state }) => state === 'circuit-open'))
			throw downloadFailed('no model could be loaded: the log above says why');
		return false;
	});
	const pool = new WorkerPool({
		models: config.models,
		spawn: workerSpawner(config, paths),
		queue: config.queue,
		workers: config.workers,
		log,
		observer: {
			...metrics.poolObserver,
			workerReady: (event) => {
				metrics.poolObserver.workerReady?.(event);
				setImmediate(ready.check); // told just before the pool's state says so
			},
			workerDied: (event) => {
				metrics.poolObserver.workerDied?.(event);
				setImmediate(ready.check);
			},
		},
	});
	const app = buildApp({ config, pool, log, version, metrics });
	const onAbort = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
	try {
		const url = await listen(app, config);
		pool.start();
		await Promise.race([ready.promise, onAbort]);
		if (!signal.aborted) {
			announce(config, pool, { url, version }, log);
			await onAbort;
		}
		log.info({ signal: String(signal.reason), graceSeconds: config.server.drainSeconds }, 'shutting down');
		await drainServer(app, config.server.drainSeconds * 1000);
		await pool.drain(0);
		log.info({}, 'stopped');
		return 0;
	} finally {
		await app.close();
		await pool.destroy(configError('the server ended'));
	}
}

/** A promise that settles with the condition, which is looked at whenever `check` is called: true, or what it throws. */
function readiness(condition: () => boolean): { promise: Promise<void>; check: () => void } {
	let settle: (check: () => boolean) => void = () => {};
	const promise = new Promise<void>((resolve, reject) => {
		settle = (holds) => {
			try {
				if (holds()) resolve();
			} catch (error) {
				reject(error);
			}
		};
	});
	return { promise, check: () => settle(condition) };
}

/** Where the server can be reached from this machine. */
async function listen(app: ReturnType<typeof buildApp>, { server: { host, port } }: Config): Promise<string> {
	try {
		await app.listen({ host, port });
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? error.code : null;
		if (code === 'EADDRINUSE')
			throw configError(
				`port ${port} of ${host} is in use: stop what listens there, or choose another with --port`,
				error,
			);
		if (code === 'EACCES')
			throw configError(`port ${port} may not be used without more rights: try one above 1023`, error);
		if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
			throw configError(`${host} is no address of this machine: --host takes one, as 127.0.0.1 or 0.0.0.0`, error);
		throw error;
	}
	const address = app.server.address();
	const bound = typeof address === 'object' && address !== null ? address.port : port;
	const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
	return `http://${name.includes(':') ? `[${name}]` : name}:${bound}`;
}

function announce(config: Config, pool: WorkerPool, facts: { url: string; version: string }, log: Logger): void {
	const models = pool.models().flatMap(({ name, info }): BannerModel[] => {
		const model = config.models[name];
		if (info === null || model === undefined) return [];
		return [{ name, aliases: model.aliases, info, workers: model.workers, reasoning: reasoningOf(info) }];
	});
	const isLoopback = isLoopbackName(config.server.host);
	log.info({ url: facts.url, models: models.map(({ name }) => name), keys: config.keys.length }, 'ready');
	if (config.logging.format !== 'json')
		process.stdout.write(formatBanner({ ...facts, models, keyCount: config.keys.length, isLoopback }));
}

function reasoningOf({ chatTemplate, tokens }: BannerModel['info']): BannerModel['reasoning'] {
	try {
		return prepareTemplate({ source: chatTemplate, ...tokens }).traits.reasoning;
	} catch {
		return null; // requests for it say why
	}
}
