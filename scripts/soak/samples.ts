import { readdirSync, readFileSync } from 'node:fs';

export type Sample = { residentMiB: number; descriptors: number };

/** Of a process, as Linux tells it; null once it is gone. */
export function sampleOf(pid: number): Sample | null {
	try {
		const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
		return {
			residentMiB: Math.round((pages * 4096) / 2 ** 20),
			descriptors: readdirSync(`/proc/${pid}/fd`).length,
		};
	} catch {
		return null;
	}
}

/** How much the last quarter is above the second: the first one warms up. */
export function growthOf(values: readonly number[]): number {
	const quarter = Math.floor(values.length / 4);
	const median = (part: readonly number[]) => [...part].sort((one, other) => one - other)[Math.floor(part.length / 2)];
	const early = median(values.slice(quarter, 2 * quarter)) ?? 0;
	const late = median(values.slice(-quarter)) ?? 0;
	return early === 0 ? 0 : late / early - 1;
}
