import { existsSync } from 'node:fs';

/** What Linux shows of a GPU: NVIDIA, NVIDIA under WSL, AMD, and all that draw. */
const GPU_DEVICES = ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri'];
const MOST_POOL_THREADS = 128;

/**
 * What a worker process is faster with, and can only be told before it starts.
 *
 * `UV_THREADPOOL_SIZE`: threads of libuv's pool, which runs llama.cpp's steps. On CPU one: each pool thread would keep a team
 * of compute threads of its own, and with every step they would take the cores from each other (1.5B shape on two cores: 26
 * tokens/s in place of 35). On a GPU one more for each slot: where the binary is not our own, each draw is a job.
 *
 * `GLIBC_TUNABLES`: on CPU, weights and cache on huge pages, where the kernel gives those to whoever asks (`madvise`). Every
 * step reads all weights, and small pages cost a look-up each: 1.5B shape, 1 stream, 6 to 8 % of the tokens a second. Other
 * C libraries do not know the variable.
 */
export function workerEnvironment(
	model: { gpuLayers: number | 'auto' | 'max'; slots: number },
	machine: { platform: NodeJS.Platform; exists: (path: string) => boolean } = {
		platform: process.platform,
		exists: existsSync,
	},
): Record<string, string> {
	const mayHaveGpu = machine.platform !== 'linux' || GPU_DEVICES.some(machine.exists);
	if (model.gpuLayers === 0 || !mayHaveGpu)
		return { UV_THREADPOOL_SIZE: '1', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };
	return { UV_THREADPOOL_SIZE: String(Math.min(MOST_POOL_THREADS, model.slots + 2)) };
}
