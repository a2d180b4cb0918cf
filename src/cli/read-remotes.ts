import { readPem, readToken } from '../config/read-secret.ts';
import type { Config, HostConfig } from '../config/schema.ts';
import { configError } from '../errors.ts';
import type { RemoteOptions } from '../pool/remote-options.ts';

/** The hosts of every model, their secrets and templates read from their files. Throws `config_error`. */
export function readRemotes(config: Config): Map<string, RemoteOptions[]> {
	// Which of its slots serves is decided by whoever speaks to it, so that has to be one process.
	const isStock = Object.values(config.models).some(({ hosts }) => hosts.some(({ kind }) => kind === 'llama-server'));
	if (isStock && config.server.gateways > 1)
		throw configError(
			'hosts of kind llama-server are for one gateway process: server.gateways (--gateways) has to be 1',
		);
	return new Map(Object.entries(config.models).map(([name, { hosts }]) => [name, hosts.map(readRemote)]));
}

function readRemote(host: HostConfig): RemoteOptions {
	const { tls } = host;
	const read = (path: string | undefined) => (path === undefined ? null : readPem(path));
	return {
		where: readWhere(host),
		refreshMs: host.refreshSeconds * 1000,
		token: host.tokenFile === undefined ? null : readToken(host.tokenFile),
		tls:
			tls === undefined
				? null
				: {
						ca: read(tls.caFile),
						cert: read(tls.certFile),
						key: read(tls.keyFile),
						serverName: tls.serverName ?? null,
					},
		engine: { kind: host.kind },
	};
}

function readWhere({ url, dns, srv }: HostConfig): RemoteOptions['where'] {
	if (url !== undefined) return { type: 'url', url };
	return dns === undefined ? { type: 'srv', url: srv ?? '' } : { type: 'dns', url: dns };
}
