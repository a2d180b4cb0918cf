import { BlockList, isIP } from 'node:net';
import { invalidRequest } from '../errors.ts';
import type { AnnounceRequest } from '../protocol/announce-api.ts';

/**
 * Where the gateway will connect to a worker that announced itself from the address `peer`: there, or at a host that `allow`
 * names (names, `*.domain`, addresses, CIDRs). Whoever holds the token cannot have it call anybody else. Throws a 400.
 */
export function announcedUrl(
	{ url, port, secure }: Pick<AnnounceRequest, 'url' | 'port' | 'secure'>,
	peer: string,
	allow: readonly string[],
): string {
	const address = peer.replace(/^::ffff:/, '');
	if (url === null) return `${secure ? 'https' : 'http'}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
	const bad = (message: string) => invalidRequest('url', 'invalid_value', message);
	if (!URL.canParse(url)) throw bad("'url' is no URL.");
	const { protocol, pathname, search, hash, username, password, hostname, origin } = new URL(url);
	if (protocol !== 'http:' && protocol !== 'https:') throw bad("'url' has to begin with http:// or https://.");
	if (pathname !== '/' || `${search}${hash}${username}${password}` !== '')
		throw bad("'url' is scheme, host and port only.");
	const host = hostname.replace(/^\[|\]$/g, '');
	if (host !== address && !isListed(host, allow))
		throw bad("'url' is neither at the address that this comes from nor at a host of announcements.allow.");
	return origin;
}

function isListed(host: string, allow: readonly string[]): boolean {
	const version = isIP(host);
	if (version === 0) return allow.some((entry) => matchesName(host, entry.toLowerCase()));
	const family = version === 4 ? 'ipv4' : 'ipv6';
	const list = new BlockList();
	for (const entry of allow) {
		const [address = '', bits] = entry.split('/');
		const kind = isIP(address) === 4 ? 'ipv4' : 'ipv6';
		if (isIP(address) === 0) continue;
		if (bits === undefined) list.addAddress(address, kind);
		else list.addSubnet(address, Number(bits), kind);
	}
	return list.check(host, family);
}

function matchesName(host: string, entry: string): boolean {
	return entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry;
}
