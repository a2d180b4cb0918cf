import { describe, expect, it } from 'vitest';
import { workerEnvironment } from '../../src/cli/worker-environment.ts';

const linux = (...devices: string[]) => ({
	platform: 'linux' as const,
	exists: (path: string) => devices.includes(path),
});
const model = { gpuLayers: 'auto' as const, slots: 16 };
const threads = (...asked: Parameters<typeof workerEnvironment>) => workerEnvironment(...asked).UV_THREADPOOL_SIZE;

describe("a worker's environment", () => {
	it('has one thread for steps on CPU, so that they stay with one team of compute threads', () => {
		expect(threads(model, linux())).toBe('1');
		expect(threads({ ...model, gpuLayers: 0 }, linux('/dev/nvidiactl'))).toBe('1');
	});

	it('has threads enough for all draws where a GPU computes the step', () => {
		for (const device of ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri'])
			expect(threads(model, linux(device))).toBe('18');
		expect(threads(model, { platform: 'darwin', exists: () => false })).toBe('18');
		expect(threads({ ...model, slots: 500 }, linux('/dev/dri'))).toBe('128');
	});

	it('asks for huge pages where the CPU computes', () => {
		expect(workerEnvironment(model, linux()).GLIBC_TUNABLES).toBe('glibc.malloc.hugetlb=1');
		expect(workerEnvironment(model, linux('/dev/nvidiactl')).GLIBC_TUNABLES).toBeUndefined();
	});
});
