import type { HostConfig, ModelConfig } from '../config/model-schema.ts';
import { readPem, readToken, readTokenVariable } from '../config/read-secret.ts';
import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import type { RemoteOptions } from '../pool/remote-options.ts';
import { readTokenizerFolder } from './read-tokenizer-folder.ts';

/** The hosts of every model, their secrets and tokenizers read from their files. Throws `config_error`. */
export function readRemotes(
	config: Config,
	environment: Record<string, string | undefined> = process.env,
): Map<string, RemoteOptions[]> {
	// How many of its slots are free is known by whoever speaks to it, so that has to be one process.
	const stock = Object.values(config.models)
		.flatMap(({ hosts }) => hosts)
		.find(({ kind }) => kind !== 'retort');
	if (stock !== undefined && config.server.gateways > 1)
		throw configError(
			`hosts of kind ${stock.kind} are for one gateway process: server.gateways (--gateways) has to be 1`,
		);
	return new Map(
		Object.entries(config.models).map(([name, model]) => [
			name,
			model.hosts.map((host) => readRemote(host, name, model, environment)),
		]),
	);
}

/** With which workers announce themselves; null: none may. Throws `config_error`. */
export function readWorkerToken({ announcements: { tokenFile } }: Config): string | null {
	return tokenFile === null ? null : readToken(tokenFile);
}

/** How workers that announce themselves are reached; null where none may. Throws `config_error`. */
export function readAnnounced(config: Config): PoolOptions['announced'] {
	const token = readWorkerToken(config);
	const { caFile, expirySeconds } = config.announcements;
	if (token === null) return null;
	const tls = caFile === null ? null : { ca: readPem(caFile), cert: null, key: null, serverName: null };
	return { token, tls, expiryMs: expirySeconds * 1000 };
}

function readRemote(
	host: HostConfig,
	name: string,
	model: ModelConfig,
	environment: Record<string, string | undefined>,
): RemoteOptions {
	const { tls } = host;
	const read = (path: string | undefined) => (path === undefined ? null : readPem(path));
	return {
		where: readWhere(host),
		refreshMs: host.refreshSeconds * 1000,
		token: readHostToken(host, environment),
		tls:
			tls === undefined
				? null
				: {
						ca: read(tls.caFile),
						cert: read(tls.certFile),
						key: read(tls.keyFile),
						serverName: tls.serverName ?? null,
					},
		engine: readEngine(host, name, model),
	};
}

function readHostToken(
	{ tokenFile, tokenEnv }: HostConfig,
	environment: Record<string, string | undefined>,
): string | null {
	if (tokenFile !== undefined) return readToken(tokenFile);
	return tokenEnv === undefined ? null : readTokenVariable(tokenEnv, environment);
}

function readEngine(
	{ kind, servedName, tokenizer }: HostConfig,
	name: string,
	model: ModelConfig,
): RemoteOptions['engine'] {
	if (kind !== 'openai') return { kind };
	const { contextTokens, slots } = model;
	// The configuration's own check asks for the folder.
	return { kind, model: servedName ?? name, contextTokens, slots, tokenizer: readTokenizerFolder(tokenizer ?? '') };
}

function readWhere({ url, dns, srv }: HostConfig): RemoteOptions['where'] {
	if (url !== undefined) return { type: 'url', url };
	return dns === undefined ? { type: 'srv', url: srv ?? '' } : { type: 'dns', url: dns };
}
