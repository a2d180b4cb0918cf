import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../config/schema.ts';
import type { PoolWorkerStatus, WorkerVerb } from '../../pool/pool-options.ts';
import {
	type KeyReport,
	keyRequestSchema,
	type PoolReport,
	type WorkerReport,
	workerRequestSchema,
} from '../../protocol/admin-api.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { ipOf } from '../address.ts';
import { adminOnly, keyNotFound, workerNotFound } from '../errors.ts';
import type { GatewayPool } from '../gateway-pool.ts';
import type { KeyState } from '../key-state.ts';
import type { GatewayLog } from '../log.ts';
import { isLoopbackName } from '../loopback.ts';

const VERBS: readonly WorkerVerb[] = ['drain', 'undrain', 'restart'];

export type AdminServices = {
	pool: GatewayPool;
	log: GatewayLog;
	version: string;
	config: Config;
	revoked: KeyState['revoked'];
};

/** What the pool looks like, and what an operator may do to a worker. */
export function addAdminRoutes(app: FastifyInstance, { pool, log, version, config, revoked }: AdminServices): void {
	addRoute(app, {
		method: 'GET',
		url: '/admin/pool',
		handler: async (request): Promise<PoolReport> => {
			requireAdmin(request);
			const { queueLength, workers } = await pool.status();
			const models = pool.models().map(({ name, aliases, state }) => ({ id: name, aliases: [...aliases], state }));
			return { version, queue_length: queueLength, models, workers: workers.map(reportWorker) };
		},
	});
	for (const verb of VERBS) {
		addRoute(app, {
			method: 'POST',
			url: `/admin/${verb}`,
			handler: async (request): Promise<WorkerReport> => {
				requireAdmin(request);
				const { worker } = parseRequest(workerRequestSchema, request.body);
				const status = await pool.operate(verb, worker);
				if (status === null) throw workerNotFound(worker);
				log.info({ requestId: request.id, keyId: request.caller?.keyId ?? null, workerId: worker, verb }, 'operated');
				return reportWorker(status);
			},
		});
	}
	for (const verb of ['revoke', 'restore'] as const) {
		addRoute(app, {
			method: 'POST',
			url: `/admin/${verb}-key`,
			handler: async (request): Promise<KeyReport> => {
				requireAdmin(request);
				const { key } = parseRequest(keyRequestSchema, request.body);
				if (!config.keys.some(({ id }) => id === key)) throw keyNotFound(key);
				const isShared = await (verb === 'revoke' ? revoked.revoke(key) : revoked.restore(key));
				log.info({ requestId: request.id, keyId: request.caller?.keyId ?? null, key, verb }, 'operated on a key');
				return { key, revoked: revoked.has(key), shared: isShared };
			},
		});
	}
}

/** Without keys, whoever sits at this machine is the operator. What a proxy on this machine passes on is not local. */
function requireAdmin(request: FastifyRequest): void {
	const { caller } = request;
	const isForwarded = 'x-forwarded-for' in request.headers || 'forwarded' in request.headers;
	const isLocal = !isForwarded && isLoopbackName(ipOf(request).replace(/^::ffff:/, ''));
	if (!(caller?.keyId === null ? isLocal : caller?.key?.admin === true)) throw adminOnly();
}

function reportWorker(status: PoolWorkerStatus): WorkerReport {
	const { pace, versions } = status;
	return {
		id: status.id,
		model: status.model,
		state: status.state,
		drained: status.isDrained,
		slots: status.slots,
		busy_slots: status.busySlots,
		tokens_per_second: perSecond(pace.decodeMsPerToken),
		prompt_tokens_per_second: perSecond(pace.prefillMsPerToken),
		cached_share: pace.promptTokens === 0 ? null : Number((pace.cachedTokens / pace.promptTokens).toFixed(3)),
		completion_tokens: pace.completionTokens,
		restarts: status.restarts,
		launches: status.launches,
		pid: status.pid,
		resident_bytes: status.rssBytes,
		version: versions?.retort ?? null,
		engine: versions === null ? null : engineOf(versions),
		trouble: status.trouble,
	};
}

function perSecond(msPerToken: number | null): number | null {
	return msPerToken === null || msPerToken === 0 ? null : Number((1000 / msPerToken).toFixed(1));
}

/** What is no llama.cpp tells its kind alone. */
function engineOf({ llamaCpp, backend }: { llamaCpp: string; backend: string }): string {
	return llamaCpp === '-' ? backend : `llama.cpp ${llamaCpp} (${backend})`;
}
