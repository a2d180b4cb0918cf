import { Pool } from 'undici';
import type { Endpoint } from './endpoint.ts';

/**
 * Connections to one worker. No limit on their number: leases are the limit, and control calls must never wait behind
 * streams. `pipelining: 1` is undici's word for one request at a time on a connection. Its own timers are coarse and start
 * late. It follows no redirects.
 */
export function connectPool({ origin, socketPath, tls }: Endpoint, connectMs: number): Pool {
	return new Pool(origin, {
		...(socketPath === null ? {} : { socketPath }),
		pipelining: 1,
		headersTimeout: 0,
		bodyTimeout: 0,
		connect: {
			timeout: connectMs,
			...(tls?.ca ? { ca: tls.ca } : {}),
			...(tls?.cert ? { cert: tls.cert } : {}),
			...(tls?.key ? { key: tls.key } : {}),
			...(tls?.serverName ? { servername: tls.serverName } : {}),
		},
	});
}

/** What every request to a worker carries. Its answers come as they are: a compressed one could be a bomb. */
export function requestHeaders({ token }: Endpoint): Record<string, string> {
	return {
		accept: '*/*',
		'accept-encoding': 'identity',
		'content-type': 'application/json',
		...(token === null ? {} : { authorization: `Bearer ${token}` }),
	};
}
