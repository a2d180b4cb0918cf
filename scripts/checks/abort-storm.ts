import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { askAndLeave, LEAVINGS } from '../../test/support/leaving-client.ts';
import type { RetortServer } from '../../test/support/retort-server.ts';
import { endlessQuestion } from '../../test/support/stream-chat.ts';

const AT_ONCE = 50;
const body = JSON.stringify({ ...endlessQuestion(3500), stream: true });

export type StormReport = { descriptors: number[]; residentMiB: number[] };

/**
 * So many clients that leave, by a reset, at every stage of a request. Of the gateway and its workers together: open
 * descriptors and resident memory after a first storm, which fills pools and caches, and after the second.
 */
export async function abortStorm(
	server: RetortServer,
	clients: number,
	free: () => Promise<void>,
): Promise<StormReport> {
	const report: StormReport = { descriptors: [], residentMiB: [] };
	const port = Number(new URL(server.url).port);
	for (let storm = 0; storm < 2; storm += 1) {
		for (let sent = 0; sent < clients; sent += AT_ONCE)
			await Promise.all(
				Array.from({ length: AT_ONCE }, (_, index) => askAndLeave(port, body, LEAVINGS[index % 4] ?? 'at once')),
			);
		await free();
		const pids = [server.process.pid ?? 0, ...server.workerPids().values()];
		report.descriptors.push(pids.reduce((sum, pid) => sum + descriptors(pid), 0));
		report.residentMiB.push(pids.reduce((sum, pid) => sum + residentMiB(pid), 0));
	}
	return report;
}

/** Parked conversations are files in memory, so many at most: they are no leak. */
function descriptors(pid: number): number {
	const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
		try {
			return readlinkSync(`/proc/${pid}/fd/${fd}`);
		} catch {
			return ''; // closed meanwhile
		}
	});
	return targets.filter((target) => !target.startsWith('/dev/shm/')).length;
}

function residentMiB(pid: number): number {
	return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
