import type { PoolWorkerStatus } from './pool-options.ts';
import type { SupervisedWorker } from './supervised-worker.ts';

/** How one place in the pool is, for operators and metrics. */
export function describeWorker(model: string, member: SupervisedWorker): PoolWorkerStatus {
	const { lifecycle } = member;
	return {
		id: member.id,
		model,
		state: lifecycle.phase,
		isDrained: member.isDrained,
		slots: lifecycle.slots,
		busySlots: member.leases.size,
		restarts: lifecycle.restarts,
		launches: lifecycle.launches,
		pid: lifecycle.pid,
		rssBytes: lifecycle.launch?.health?.rssBytes ?? 0,
		trouble: lifecycle.trouble,
		prefixCache: lifecycle.launch?.health?.prefixCache ?? null,
		pace: member.pace,
		versions: lifecycle.info?.versions ?? null,
	};
}
