import { describe, expect, it } from 'vitest';
import { poolThreads } from '../../src/cli/worker-threads.ts';

const linux = (...devices: string[]) => ({
	platform: 'linux' as const,
	exists: (path: string) => devices.includes(path),
});
const model = { gpuLayers: 'auto' as const, slots: 16 };

describe('the threads that run steps', () => {
	it('are one on CPU, so that steps stay with one team of compute threads', () => {
		expect(poolThreads(model, linux())).toBe(1);
		expect(poolThreads({ ...model, gpuLayers: 0 }, linux('/dev/nvidiactl'))).toBe(1);
	});

	it('are enough for all draws where a GPU computes the step', () => {
		for (const device of ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri'])
			expect(poolThreads(model, linux(device))).toBe(18);
		expect(poolThreads(model, { platform: 'darwin', exists: () => false })).toBe(18);
		expect(poolThreads({ ...model, slots: 500 }, linux('/dev/dri'))).toBe(128);
	});
});
