import { configError } from '../errors.ts';

/** PEM texts. */
export type ClientTls = {
	/** Authority that the other side is checked against; null trusts what the system trusts. */
	ca: string | null;
	cert: string | null;
	key: string | null;
	/** Name that the certificate has to carry; null takes that of the address. */
	serverName: string | null;
};

/** Where a worker listens, and how it knows that it is us. */
export type Endpoint = {
	/** Of a unix socket a name only: it becomes the Host header. */
	origin: string;
	socketPath: string | null;
	/** Shown as a bearer token. */
	token: string | null;
	tls: ClientTls | null;
};

/** `unix:/path/to.sock`, `http://host:port` or `https://host:port`. Throws config_error. */
export function parseEndpoint(text: string, access: Partial<Pick<Endpoint, 'token' | 'tls'>> = {}): Endpoint {
	const { token = null, tls = null } = access;
	if (text.startsWith('unix:')) {
		const socketPath = text.slice('unix:'.length);
		if (!socketPath.startsWith('/')) throw configError(`\`${text}\`: a unix endpoint needs an absolute path`);
		return { origin: 'http://worker', socketPath, token, tls: null };
	}
	if (!URL.canParse(text)) throw configError(`\`${text}\` is neither unix:/path nor a URL`);
	const url = new URL(text);
	if (url.protocol !== 'http:' && url.protocol !== 'https:') throw configError(`\`${text}\`: use http:// or https://`);
	if (url.pathname !== '/' || url.search !== '' || url.username !== '')
		throw configError(`\`${text}\`: a worker endpoint is scheme, host and port only`);
	return { origin: url.origin, socketPath: null, token, tls };
}
