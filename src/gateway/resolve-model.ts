import { modelLoading, modelNotFound, overloaded } from '../errors.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';
import { type Caller, mayUseModel } from './caller.ts';
import { modelNotAllowed } from './errors.ts';
import type { GatewayModel, GatewayPool } from './gateway-pool.ts';

/** The served model behind a name or alias, with what its workers say of it. Throws 404, 403 or 503. */
export function resolveModel(
	pool: GatewayPool,
	caller: Caller,
	name: string,
): { model: GatewayModel; info: WorkerInfo } {
	const model = pool.findModel(name);
	if (model === null) throw modelNotFound(name);
	if (!mayUseModel(caller, model)) throw modelNotAllowed(name);
	// A model that has been up keeps its info while its workers start again: those requests may queue.
	if (model.info !== null) return { model, info: model.info };
	throw model.state === 'loading' ? modelLoading(model.name) : overloaded('No worker is up for this model.', 5);
}
