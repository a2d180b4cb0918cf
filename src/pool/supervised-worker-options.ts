import type { WorkerInfo } from '../protocol/worker-api.ts';
import type { PoolLog } from './pool-log.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { WorkerHost } from './worker-host.ts';

/** What one place in the pool is given: its limits, and whom it tells. */
export type SupervisedWorkerOptions = {
	host: WorkerHost;
	loadMs: number;
	stallMs: number;
	/** How long a restart that was asked for waits for what runs. */
	drainMs: number;
	log: PoolLog;
	/** Whether others would serve if this one did not. */
	canSpare: (worker: SupervisedWorker) => boolean;
	/** Whether it is to be launched again when it is gone. */
	isWanted: () => boolean;
	/** Called after every change of phase. */
	onChange: (worker: SupervisedWorker) => void;
	/** Why a worker that says this of itself must not serve here; null lets it. */
	vet: (info: WorkerInfo) => string | null;
	onRefused: (reason: string) => void;
	onReady: (loadMs: number) => void;
	onDeath: (reason: string) => void;
};
