import type { KeyConfig } from '../config/key-schema.ts';
import type { Config } from '../config/schema.ts';
import { missingKey } from './errors.ts';

/** Who asks: found by the auth plugin before the body is read, and the same for the whole request. */
export type Caller = {
	/** Shown in logs; null where the server has no keys. */
	keyId: string | null;
	/** What limits are counted by: the key, or the address where there is none. Never the key's text. */
	bucket: string;
	key: KeyConfig | null;
	limits: Config['limits'];
};

/** Of a request that the auth plugin has let pass; 401 for any other. */
export function callerOf({ caller }: { caller: Caller | null }): Caller {
	if (caller === null) throw missingKey();
	return caller;
}

/** What limits need to know of who asks. */
export type LimitedCaller = Pick<Caller, 'bucket' | 'limits'>;

/** Every name a model goes by counts: a key that lists an alias may also use the name, and the other way round. */
export function mayUseModel(caller: Caller, model: { name: string; aliases: readonly string[] }): boolean {
	const allowed = caller.key?.models;
	return (
		allowed === undefined || allowed.includes(model.name) || model.aliases.some((alias) => allowed.includes(alias))
	);
}

/** What a key has to itself: kept items, running responses, cached prefixes. Without keys there is one scope. */
export function scopeOf(keyId: string | null): string {
	return keyId === null ? 'open' : `key:${keyId}`;
}

/** Prefixes in the KV cache are shared inside one scope only: how fast a prompt starts tells what was asked before. */
export function cacheScopeOf(caller: Caller, scope: Config['cache']['scope']): string {
	const own = scopeOf(caller.keyId);
	switch (scope) {
		case 'key':
			return own;
		case 'group':
			return caller.key?.group === undefined ? own : `group:${caller.key.group}`;
		case 'all':
			return 'all';
	}
}
