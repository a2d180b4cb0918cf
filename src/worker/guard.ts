import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Who may use a worker that listens on TCP. PEM texts, not paths. */
export type WorkerGuard = {
	/** Whoever calls has to show it as a bearer token. */
	token: string | null;
	tls: {
		cert: string;
		key: string;
		/** Whoever calls has to show a certificate that this authority signed; null asks for none. */
		clientCa: string | null;
	} | null;
};

/**
 * Whether a request shows the token. Hashes are compared, so neither length nor a right beginning shows in the time. Its
 * health is open: whatever restarts a stuck worker holds no token.
 */
export function tokenCheck(token: string | null): (request: IncomingMessage) => boolean {
	if (token === null) return () => true;
	const expected = digest(token);
	return ({ method, url, headers }) => {
		if (method === 'GET' && url === '/health') return true;
		const shown = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
		return timingSafeEqual(digest(shown), expected);
	};
}

function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
