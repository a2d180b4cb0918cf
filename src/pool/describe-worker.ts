import type { PoolStatus, PoolWorkerStatus } from './pool-options.ts';
import type { ServedModel } from './served-model.ts';
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

export function describePool(models: readonly ServedModel[]): PoolStatus {
	return {
		queueLength: models.reduce((sum, served) => sum + served.queueLength, 0),
		waiting: Object.fromEntries(models.map((served) => [served.name, served.queueLength])),
		workers: models.flatMap((served) => served.members.map((member) => describeWorker(served.name, member))),
	};
}

/** The place in the pool that has this id, and the name of its model. */
export function findWorker(
	models: readonly ServedModel[],
	workerId: string,
): { model: string; member: SupervisedWorker } | null {
	for (const served of models) {
		const member = served.members.find(({ id }) => id === workerId);
		if (member !== undefined) return { model: served.name, member };
	}
	return null;
}
