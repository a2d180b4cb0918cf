import type { GatewayPool } from './gateway-pool.ts';

const LATEST = ':latest';

/** As Ollama lists it: a name has a tag. Tools such as Open WebUI add this one themselves, and then look for it. */
export function toOllamaName(name: string): string {
	return name.includes(':') ? name : `${name}${LATEST}`;
}

/** The name that the pool knows, whichever way the client wrote it. */
export function fromOllamaName(name: string, pool: GatewayPool): string {
	const isOnlyTagged = name.endsWith(LATEST) && pool.findModel(name) === null;
	return isOnlyTagged ? name.slice(0, -LATEST.length) : name;
}
