import { setTimeout as delay } from 'node:timers/promises';
import { configError, operationFailed } from '../errors.ts';
import type { WorkerReport } from '../protocol/admin-api.ts';
import { type AdminClient, adminClient } from './admin-client.ts';
import type { OperateFlags } from './operate-flags.ts';

const POLL_MS = 200;

/** `retort drain|undrain|restart`. A restart is waited for; --rolling goes on only after one that came back. */
export async function operate(
	verb: 'drain' | 'undrain' | 'restart',
	worker: string | undefined,
	flags: OperateFlags,
): Promise<void> {
	const client = adminClient(flags);
	if (verb !== 'restart') return tell(await client.operate(verb, worker ?? ''));
	if ((worker === undefined) === (flags.rolling !== true))
		throw configError('restart takes either a worker or --rolling; `retort ps` names the workers');
	const workers = worker === undefined ? (await client.pool()).workers.map(({ id }) => id) : [worker];
	for (const id of workers) await restart(client, id, flags.timeout * 1000);
}

async function restart(client: AdminClient, id: string, timeoutMs: number): Promise<void> {
	const deadlineMs = performance.now() + timeoutMs;
	const { launches: before } = (await client.pool()).workers.find((worker) => worker.id === id) ?? { launches: 0 };
	let report = await client.operate('restart', id);
	while (report.launches <= before || report.state !== 'ready') {
		if (report.state === 'circuit-open' || report.state === 'refused' || performance.now() > deadlineMs)
			throw operationFailed(`${id} did not come back: it is ${report.state}. No other worker was restarted after it.`);
		await delay(POLL_MS);
		report = (await client.pool()).workers.find((worker) => worker.id === id) ?? report;
	}
	tell(report);
}

function tell({ id, state, drained, busy_slots, slots }: WorkerReport): void {
	process.stdout.write(`${id}: ${state}${drained ? ', drained' : ''}, ${busy_slots} of ${slots} slots busy\n`);
}
