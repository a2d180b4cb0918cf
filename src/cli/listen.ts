import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';
import type { buildApp } from '../gateway/app.ts';

/** Starts listening and tells where the server can be reached from this machine. Throws `config_error` where it cannot. */
export async function listen(app: ReturnType<typeof buildApp>, { server: { host, port } }: Config): Promise<string> {
	try {
		await app.listen({ host, port });
	} catch (error) {
		throw explain(error, host, port);
	}
	const address = app.server.address();
	const bound = typeof address === 'object' && address !== null ? address.port : port;
	return urlOf(host, bound);
}

/** Where a server that is bound to this address is reached from this machine. */
export function urlOf(host: string, port: number): string {
	const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
	return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function explain(error: unknown, host: string, port: number): unknown {
	switch (error instanceof Error && 'code' in error ? error.code : null) {
		case 'EADDRINUSE':
			return configError(
				`port ${port} of ${host} is in use: stop what listens there, or choose another with --port`,
				error,
			);
		case 'EACCES':
			return configError(`port ${port} may not be used without more rights: try one above 1023`, error);
		case 'EADDRNOTAVAIL':
		case 'ENOTFOUND':
			return configError(`${host} is no address of this machine: --host takes one, as 127.0.0.1 or 0.0.0.0`, error);
		default:
			return error;
	}
}
