import { type Caller, mayUseModel } from './caller.ts';
import type { GatewayPool } from './gateway-pool.ts';

/** Where an endpoint lets the model be left out: the first one that the key may use. '' finds none. */
export function modelNameOr(name: string | undefined, pool: GatewayPool, caller: Caller): string {
	return name ?? pool.models().find((model) => mayUseModel(caller, model))?.name ?? '';
}
