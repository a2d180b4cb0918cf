import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/schema.ts';
import { foreignHost } from '../errors.ts';
import { isLoopbackName } from '../loopback.ts';

/**
 * Where there are no keys, the browser is the way in: a page whose name was rebound to 127.0.0.1 carries its own name
 * in Host, one that simply posts carries it in Origin. Neither is ours.
 */
export function addHostCheck(app: FastifyInstance, config: Config): void {
	const { host: boundTo, corsOrigins } = config.server;
	const boundToLoopback = isLoopbackName(boundTo);
	app.addHook('onRequest', async (request) => {
		const host = hostnameOf(request.headers.host);
		// Beyond loopback (--insecure) the operator's names for this machine are not known here.
		if (boundToLoopback && host !== null && host !== boundTo && !isLoopbackName(host)) throw foreignHost();
		const { origin } = request.headers;
		if (origin === undefined || corsOrigins.includes(origin) || corsOrigins.includes('*')) return;
		const from = URL.canParse(origin) ? new URL(origin).hostname : null;
		if (from === null || !(isLoopbackName(from) || (!boundToLoopback && from === host))) throw foreignHost();
	});
}

function hostnameOf(header: string | undefined): string | null {
	if (header === undefined || header === '') return null;
	return URL.canParse(`http://${header}`) ? new URL(`http://${header}`).hostname : header;
}
