import type { Announcement, PoolStatus, PoolWorkerStatus, WorkerVerb } from '../pool/pool-options.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';

/** What the gateway asks of the pool. */
export type GatewayPool = Pick<
	WorkerPool,
	| 'models'
	| 'findModel'
	| 'routes'
	| 'candidates'
	| 'refusalOfAll'
	| 'awaken'
	| 'generate'
	| 'embed'
	| 'endPhase'
	| 'tokenize'
	| 'detokenize'
> & {
	status(): PoolStatus | Promise<PoolStatus>;
	announced(announcement: Announcement): void | Promise<void>;
	operate(verb: WorkerVerb, workerId: string): PoolWorkerStatus | null | Promise<PoolWorkerStatus | null>;
};

export type GatewayModel = ReturnType<GatewayPool['models']>[number];
