import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeyConfig } from '../config/key-schema.ts';

export type KeyRing = { isEmpty: boolean; find(token: string): KeyConfig | null };

/**
 * Looks a bearer token up by its SHA-256. Every entry is compared, in constant time, whether or not one matched before:
 * how long the answer takes tells neither how much of a key was right nor where in the list it stands.
 */
export function createKeyRing(keys: readonly KeyConfig[]): KeyRing {
	const entries = keys.map((key) => ({ key, hash: Buffer.from(key.sha256, 'hex') }));
	return {
		isEmpty: entries.length === 0,
		find(token) {
			const hash = createHash('sha256').update(token).digest();
			let found: KeyConfig | null = null;
			for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.key;
			return found;
		},
	};
}
