import type { PoolReport, WorkerReport } from '../protocol/admin-api.ts';

const HEAD = ['WORKER', 'MODEL', 'STATE', 'SLOTS', 'TOKENS/S', 'CACHE', 'MEMORY', 'RESTARTS', 'PID', 'VERSION'];

/** For people. Pure. */
export function formatPool({ version, queue_length, workers }: PoolReport): string {
	const rows = [HEAD, ...workers.map(rowOf)];
	const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	const lines = rows.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join('  ')
			.trimEnd(),
	);
	const waiting = queue_length === 1 ? '1 request waits' : `${queue_length} requests wait`;
	const troubles = workers.flatMap(({ id, trouble }) => (trouble === null ? [] : [`${id}: ${trouble}`]));
	return `${[`retort ${version}, ${waiting}`, ...lines, ...troubles].join('\n')}\n`;
}

function rowOf(worker: WorkerReport): string[] {
	return [
		worker.id,
		worker.model,
		worker.drained ? `${worker.state} (drained)` : worker.state,
		`${worker.busy_slots}/${worker.slots}`,
		worker.tokens_per_second === null ? '-' : String(worker.tokens_per_second),
		worker.cached_share === null ? '-' : `${Math.round(worker.cached_share * 100)}%`,
		worker.resident_bytes === 0 ? '-' : `${Math.round(worker.resident_bytes / 2 ** 20)} MiB`,
		String(worker.restarts),
		worker.pid === null ? '-' : String(worker.pid),
		[worker.version, worker.engine].filter((part) => part !== null).join(', ') || '-',
	];
}
