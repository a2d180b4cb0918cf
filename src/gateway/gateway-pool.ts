import type { WorkerPool } from '../pool/worker-pool.ts';

/** What the gateway asks of the pool. */
export type GatewayPool = Pick<
	WorkerPool,
	| 'models'
	| 'findModel'
	| 'routes'
	| 'candidates'
	| 'awaken'
	| 'generate'
	| 'endPhase'
	| 'status'
	| 'tokenize'
	| 'detokenize'
	| 'operate'
>;

export type GatewayModel = ReturnType<GatewayPool['models']>[number];
