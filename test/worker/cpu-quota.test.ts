import { describe, expect, it } from 'vitest';
import { cpuQuota } from '../../src/worker/cpu-quota.ts';

/** A machine that has these files of cgroups and no others. */
function quotaOf(files: Record<string, string>): number {
	return cpuQuota((path) => {
		const text = files[path.replace('/sys/fs/cgroup/', '')];
		if (text === undefined) throw new Error('ENOENT');
		return text;
	});
}

describe('the CPU quota of a container', () => {
	it('is read from cgroups of both versions', () => {
		expect(quotaOf({ 'cpu.max': '250000 100000\n' })).toBe(2.5);
		expect(quotaOf({ 'cpu/cpu.cfs_quota_us': '400000\n', 'cpu/cpu.cfs_period_us': '100000\n' })).toBe(4);
	});

	it('is endless where there is none', () => {
		expect(quotaOf({ 'cpu.max': 'max 100000\n' })).toBe(Number.POSITIVE_INFINITY);
		expect(quotaOf({ 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' })).toBe(
			Number.POSITIVE_INFINITY,
		);
		expect(quotaOf({})).toBe(Number.POSITIVE_INFINITY);
		expect(cpuQuota()).toBeGreaterThan(0);
	});
});
