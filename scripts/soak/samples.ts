import { readdirSync, readFileSync } from 'node:fs';
import { poolOf } from './faults.ts';

export type Sample = { atMs: number; residentMiB: number; descriptors: number };

/** Of a process, as Linux tells it. */
export function sampleOf(pid: number): Sample {
	const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
	return {
		atMs: performance.now(),
		residentMiB: (pages * 4096) / 2 ** 20,
		descriptors: readdirSync(`/proc/${pid}/fd`).length,
	};
}

/** How much the last quarter is above the second: the first one warms up. */
export function growthOf(values: readonly number[]): number {
	const quarter = Math.floor(values.length / 4);
	const median = (part: readonly number[]) => [...part].sort((one, other) => one - other)[Math.floor(part.length / 2)];
	const early = median(values.slice(quarter, 2 * quarter)) ?? 0;
	const late = median(values.slice(-quarter)) ?? 0;
	return early === 0 ? 0 : late / early - 1;
}

/** Slots in use once nothing is under way any more; waits for what is still being let go of. */
export async function slotsAtRest(url: string): Promise<number> {
	let busy = 0;
	for (let tries = 0; tries < 100; tries += 1) {
		const { workers, queue_length } = await poolOf(url);
		busy = workers.reduce((sum, worker) => sum + worker.busy_slots, queue_length);
		if (busy === 0) return 0;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return busy;
}
