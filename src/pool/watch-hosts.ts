import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from './bring-up.ts';
import type { PoolLog } from './pool-log.ts';
import { type Resolver, resolveHosts } from './resolve-hosts.ts';

/**
 * Asks for the workers behind a name until the signal, and tells which came and which went. A name that cannot be
 * resolved, or has no address at the moment, changes nothing: whether a known worker lives is not for DNS to say.
 */
export async function watchHosts(
	where: { type: 'dns' | 'srv'; url: string },
	options: {
		refreshMs: number;
		resolver: Resolver;
		log: PoolLog;
		signal: AbortSignal;
		onChange: (change: { joined: string[]; left: string[] }) => void;
	},
): Promise<void> {
	const { refreshMs, resolver, log, signal, onChange } = options;
	let known: string[] = [];
	let lastTrouble: string | null = null;
	while (!signal.aborted) {
		const found = await resolveHosts(where, resolver).catch((error: unknown) => describeError(error));
		if (signal.aborted) return;
		const trouble = typeof found === 'string' ? found : found.length === 0 ? 'it has no address' : null;
		// Once, not every few seconds.
		if (trouble !== null && trouble !== lastTrouble)
			log.warn({ name: where.url, reason: trouble }, 'name not resolved');
		lastTrouble = trouble;
		if (Array.isArray(found) && found.length > 0) {
			const joined = found.filter((origin) => !known.includes(origin));
			const left = known.filter((origin) => !found.includes(origin));
			known = found;
			if (joined.length > 0 || left.length > 0) {
				log.info({ name: where.url, joined, left }, 'workers behind the name changed');
				onChange({ joined, left });
			}
		}
		await delay(refreshMs, undefined, { signal, ref: false }).catch(() => {});
	}
}
