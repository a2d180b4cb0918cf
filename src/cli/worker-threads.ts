import { existsSync } from 'node:fs';

/** What Linux shows of a GPU: NVIDIA, NVIDIA under WSL, AMD, and all that draw. */
const GPU_DEVICES = ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri'];
const MOST_POOL_THREADS = 128;

/**
 * Threads of a worker's libuv pool, which runs llama.cpp's steps. On CPU one: each pool thread would keep a team of
 * compute threads of its own, and with every step they would take the cores from each other (1.5B shape on two cores: 26
 * tokens/s in place of 35). On a GPU one more for each slot: where the binary is not our own, each draw is a job.
 */
export function poolThreads(
	model: { gpuLayers: number | 'auto' | 'max'; slots: number },
	machine: { platform: NodeJS.Platform; exists: (path: string) => boolean } = {
		platform: process.platform,
		exists: existsSync,
	},
): number {
	const mayHaveGpu = machine.platform !== 'linux' || GPU_DEVICES.some(machine.exists);
	return model.gpuLayers === 0 || !mayHaveGpu ? 1 : Math.min(MOST_POOL_THREADS, model.slots + 2);
}
