import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';
import { isLoopbackName } from '../gateway/loopback.ts';

/** Throws when anybody on the network could use the server without a key. */
export function checkExposure(config: Config): void {
	const { host, insecure } = config.server;
	if (isLoopbackName(host) || config.keys.length > 0 || insecure) return;
	throw configError(
		`refusing to listen on ${host} without API keys: everybody who reaches it could use it.\n` +
			'Give it keys with --api-key-file FILE (one id:key a line) or keys: in the configuration,\n' +
			'or say --insecure if the network itself is guarded.',
	);
}
