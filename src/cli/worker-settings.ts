import { defaultConfig } from '../config/load-config.ts';
import type { ModelConfig } from '../config/model-schema.ts';
import { readPem, readToken } from '../config/read-secret.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { configError } from '../errors.ts';
import { isLoopbackName } from '../gateway/loopback.ts';
import type { WorkerGuard } from '../worker/guard.ts';
import { parseListen } from '../worker/start-worker.ts';
import { nameOfModel } from './name-of-model.ts';
import type { RunWorkerOptions } from './worker.ts';
import type { WorkerFlags } from './worker-flags.ts';

/** What a worker is started with, but for the paths: its models may still have to be downloaded. */
export type WorkerSettings = Omit<RunWorkerOptions, 'modelPath' | 'draftPath'> & {
	source: string;
	sha256: string | null;
	draft: string | null;
};

/**
 * The command line on top of `worker:` and `models:` of the configuration, secrets read from their files. Throws
 * `config_error`, also when the worker could be used by whoever reaches its port.
 */
export function workerSettings(flags: WorkerFlags, config: Config = defaultConfig()): WorkerSettings {
	const listen = flags.listen ?? config.worker.listen;
	if (listen === null) throw configError('where to listen? --listen unix:/PATH or tcp://HOST:PORT, or worker.listen');
	const { name, model } = chooseModel(flags, config);
	if (model.source === undefined) throw configError(`models.${name} has no source that a worker could load`);
	const guard = readGuard(flags, config);
	checkExposure(listen, guard);
	return {
		listen,
		guard,
		announce: readAnnounce(flags, config, { listen, guard }),
		source: model.source,
		sha256: model.sha256 ?? null,
		draft: flags.draftModel ?? model.draft,
		name,
		slots: flags.slots ?? model.slots,
		contextTokens: flags.context ?? model.contextTokens,
		threads: flags.threads ?? model.threads,
		gpuLayers: flags.gpuLayers ?? model.gpuLayers,
		batchTokens: flags.batchTokens ?? model.batchTokens,
		prefillSliceTokens: flags.prefillSliceTokens ?? model.prefillSliceTokens,
		parkedBytes: flags.parkedBytes ?? config.cache.parkedBytes,
		speculates: flags.speculation === false ? false : model.speculation,
		embeddings: flags.embeddings ?? model.embeddings,
		endsWithStdin: flags.endWithStdin ?? false,
		outliveMs: flags.outlive === undefined ? null : flags.outlive * 1000,
	};
}

function chooseModel(flags: WorkerFlags, config: Config): { name: string; model: ModelConfig } {
	if (flags.model !== undefined) {
		const name = flags.name ?? nameOfModel(flags.model);
		return { name, model: oneModel(name, flags.model) };
	}
	const names = Object.keys(config.models);
	const name = flags.name ?? config.worker.model ?? (names.length === 1 ? names[0] : undefined);
	const model = name === undefined ? undefined : config.models[name];
	if (name !== undefined && model !== undefined) return { name, model };
	if (names.length === 0) throw configError('which model? --model SOURCE, or --config with one under models');
	throw configError(`which model? --name or worker.model has to be one of ${names.join(', ')}`);
}

/** The defaults of a model live in the schema. */
function oneModel(name: string, source: string): ModelConfig {
	const model = configSchema.parse({ models: { [name]: { source } } }).models[name];
	if (model === undefined) throw new TypeError('no model'); // the line above made it
	return model;
}

function readGuard(flags: WorkerFlags, { worker }: Config): WorkerGuard {
	const tokenFile = flags.tokenFile ?? worker.tokenFile;
	const certFile = flags.tlsCert ?? worker.certFile;
	const keyFile = flags.tlsKey ?? worker.keyFile;
	const clientCaFile = flags.tlsClientCa ?? worker.clientCaFile;
	const token = tokenFile === null ? null : readToken(tokenFile);
	if (certFile === null && keyFile === null && clientCaFile === null) return { token, tls: null };
	if (certFile === null || keyFile === null) throw configError('TLS takes both --tls-cert and --tls-key');
	const clientCa = clientCaFile === null ? null : readPem(clientCaFile);
	return { token, tls: { cert: readPem(certFile), key: readPem(keyFile), clientCa } };
}

/** null where it is told to nobody. */
function readAnnounce(
	flags: WorkerFlags,
	{ worker }: Config,
	{ listen, guard }: { listen: string; guard: WorkerGuard },
): RunWorkerOptions['announce'] {
	const gateways = flags.announce ?? worker.announce;
	const url = flags.announceUrl ?? worker.announceUrl;
	if (gateways.length === 0) return null;
	for (const gateway of gateways)
		if (!/^https?:\/\/[^/]+\/?$/.test(gateway) || !URL.canParse(gateway))
			throw configError(`--announce takes a gateway's http://HOST:PORT or https://HOST:PORT, not ${gateway}`);
	if (guard.token === null)
		throw configError('--announce takes --token-file: the token that the gateway has as announcements.tokenFile');
	if (parseListen(listen) === null)
		throw configError('--announce is for a worker on TCP: no gateway reaches a unix socket');
	return { gateways, url, token: guard.token };
}

function checkExposure(listen: string, { token, tls }: WorkerGuard): void {
	const tcp = parseListen(listen);
	if (tcp === null || isLoopbackName(tcp.host) || token !== null || (tls?.clientCa ?? null) !== null) return;
	throw configError(
		`refusing to listen on ${tcp.host} unguarded: everybody who reaches the port could use the model.\n` +
			'Give it --token-file FILE (a token that gateways show), or --tls-client-ca FILE (mutual TLS).',
	);
}
