import { Resolver as DnsResolver, lookup } from 'node:dns/promises';

/** A name's addresses and a service's places; both throw, or give nothing, where there are none. */
export type Resolver = {
	addresses(name: string): Promise<string[]>;
	services(name: string): Promise<{ name: string; port: number }[]>;
};

/** `servers` in place of the system's. */
export function dnsResolver(servers?: readonly string[]): Resolver {
	const dns = new DnsResolver({ timeout: 2000, tries: 2 });
	if (servers !== undefined) dns.setServers(servers);
	return {
		async addresses(name) {
			const [four, six] = await Promise.allSettled([dns.resolve4(name), dns.resolve6(name)]);
			const found = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
			// Search domains and the hosts file are known to the system's lookup alone.
			if (found.length > 0 || servers !== undefined) return found;
			return (await lookup(name, { all: true })).map(({ address }) => address);
		},
		services: (name) => dns.resolveSrv(name),
	};
}

/**
 * The workers behind a name: `http(s)://address:port` each, in order, none twice. With `srv` the name is a service's and
 * the records bring the ports. Throws what the resolver throws.
 */
export async function resolveHosts(where: { type: 'dns' | 'srv'; url: string }, resolver: Resolver): Promise<string[]> {
	const url = new URL(where.url);
	const places =
		where.type === 'srv'
			? await resolver.services(url.hostname)
			: [{ name: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) }];
	const origins = new Set<string>();
	for (const { name, port } of places)
		for (const address of await resolver.addresses(name))
			origins.add(`${url.protocol}//${address.includes(':') ? `[${address}]` : address}:${port}`);
	return [...origins].sort();
}
