import { readFileSync } from 'node:fs';

const FOLDER = '/sys/fs/cgroup';

/**
 * CPUs that this container's quota grants, which may be a fraction; Infinity where there is none. More threads than
 * that are stopped for the rest of each period, all of them. `os.availableParallelism` knows of it from Node 22 on.
 */
export function cpuQuota(read: (path: string) => string = (path) => readFileSync(path, 'utf8')): number {
	const numbersOf = (...names: string[]): number[] => {
		try {
			return names.flatMap((name) => read(`${FOLDER}/${name}`).trim().split(' ')).map(Number);
		} catch {
			return []; // no cgroups of this kind
		}
	};
	for (const files of [['cpu.max'], ['cpu/cpu.cfs_quota_us', 'cpu/cpu.cfs_period_us']]) {
		const [quota = Number.NaN, period = Number.NaN] = numbersOf(...files);
		// "max" and -1 stand for no quota.
		if (quota > 0 && period > 0) return quota / period;
	}
	return Number.POSITIVE_INFINITY;
}
