import { configError } from '../errors.ts';

/** Where a worker listens. The origin of a unix socket is a name only: it becomes the Host header. */
export type Endpoint = { origin: string; socketPath: string | null };

/** `unix:/path/to.sock`, `http://host:port` or `https://host:port`. Throws config_error. */
export function parseEndpoint(text: string): Endpoint {
	if (text.startsWith('unix:')) {
		const socketPath = text.slice('unix:'.length);
		if (!socketPath.startsWith('/')) throw configError(`\`${text}\`: a unix endpoint needs an absolute path`);
		return { origin: 'http://worker', socketPath };
	}
	if (!URL.canParse(text)) throw configError(`\`${text}\` is neither unix:/path nor a URL`);
	const url = new URL(text);
	if (url.protocol !== 'http:' && url.protocol !== 'https:') throw configError(`\`${text}\`: use http:// or https://`);
	if (url.pathname !== '/' || url.search !== '' || url.username !== '')
		throw configError(`\`${text}\`: a worker endpoint is scheme, host and port only`);
	return { origin: url.origin, socketPath: null };
}
