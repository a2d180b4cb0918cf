import { modelLoading, modelNotFound, overloaded, RetortError } from '../errors.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';
import { type Caller, mayUseModel } from './caller.ts';
import { modelNotAllowed, wrongModel } from './errors.ts';
import type { GatewayModel, GatewayPool } from './gateway-pool.ts';
import type { GatewayLog } from './log.ts';

export type ResolvedModel = { model: GatewayModel; info: WorkerInfo };

/** What a model has to be able to do. */
export type ModelUse = 'generate' | 'embed' | 'any';

/**
 * The served model behind a name, alias or route, with what its workers say of it. Throws 404, 403 or 503, and 400 for a
 * model that cannot do what is asked.
 */
export async function resolveModel(
	pool: GatewayPool,
	caller: Caller,
	name: string,
	use: ModelUse,
	signal: AbortSignal,
): Promise<ResolvedModel> {
	return describe(pool, firstOf(candidatesOf(pool, caller, name), name), use, signal);
}

/**
 * Runs `attempt`, which generates, with the model behind the name and, where that one is overloaded or not there, with those that the
 * configuration puts in its place. What the last one is refused with is thrown, unless the refusal is that the request
 * does not fit a substitute: then the first one's.
 */
export async function withModel<Result>(
	{ pool, log }: { pool: GatewayPool; log: GatewayLog },
	caller: Caller,
	name: string,
	signal: AbortSignal,
	attempt: (resolved: ResolvedModel) => Promise<Result>,
): Promise<Result> {
	const [first, ...others] = candidatesOf(pool, caller, name);
	let model = firstOf([first], name);
	let firstRefusal: RetortError | null = null;
	while (true) {
		try {
			return await attempt(await describe(pool, model, 'generate', signal));
		} catch (error) {
			if (firstRefusal !== null && error instanceof RetortError && error.status === 400) throw firstRefusal;
			if (!isAbsent(error)) throw error;
			const next = others.shift();
			if (next === undefined) throw error;
			log.warn({ model: model.name, fallback: next.name, code: error.code }, 'another model serves in its place');
			firstRefusal ??= error;
			model = next;
		}
	}
}

/** Of the models behind the name, those that the key may use. Throws 404 and 403. */
function candidatesOf(pool: GatewayPool, caller: Caller, name: string): GatewayModel[] {
	const candidates = pool.candidates(name, caller.bucket);
	if (candidates.length === 0) throw modelNotFound(name);
	const isNamed = pool.routes().includes(name) && caller.key?.models?.includes(name) === true;
	const allowed = candidates.filter((model) => isNamed || mayUseModel(caller, model));
	if (allowed.length === 0 || (allowed[0] !== candidates[0] && !isNamed)) throw modelNotAllowed(name);
	return allowed;
}

function firstOf(candidates: readonly (GatewayModel | undefined)[], name: string): GatewayModel {
	const [first] = candidates;
	if (first === undefined) throw modelNotFound(name);
	return first;
}

async function describe(
	pool: GatewayPool,
	found: GatewayModel,
	use: ModelUse,
	signal: AbortSignal,
): Promise<ResolvedModel> {
	const model = found.info === null ? await pool.awaken(found.name, signal) : found;
	// A model that has been up keeps its info while its workers start again: those requests may queue.
	const { info } = model;
	if (info !== null) {
		const embeds = info.embedding !== undefined;
		if (use !== 'any' && embeds !== (use === 'embed')) throw wrongModel(model.name, embeds);
		return { model, info };
	}
	throw model.state === 'loading' ? modelLoading(model.name) : overloaded('No worker is up for this model.', 5);
}

function isAbsent(error: unknown): error is RetortError {
	return error instanceof RetortError && (error.code === 'overloaded' || error.code === 'model_loading');
}
