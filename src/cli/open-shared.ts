import type { Config } from '../config/schema.ts';
import type { GatewayLog } from '../gateway/log.ts';
import type { SharedState } from '../gateway/shared/shared-state.ts';

/** What gateways of several hosts share, where the configuration names a Redis; its client is loaded only then. */
export async function openShared(config: Config, log: GatewayLog): Promise<SharedState | null> {
	const { url } = config.redis;
	if (url === null) return null;
	const { SharedState: Shared } = await import('../gateway/shared/shared-state.ts');
	return new Shared({ redis: config.redis, url, log });
}
