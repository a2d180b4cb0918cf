import type { LogLine } from '../../test/support/retort-server.ts';

const MOVED = 'running the request elsewhere';

export type LogReading = {
	/** Generations by how they ended, with the reason that excuses a failure. */
	generations: Record<string, number>;
	moved: number;
	deaths: number;
	violations: string[];
};

/**
 * What the server says of its generations: each that began has ended, once, and none failed but those that lost one
 * worker, were moved, and lost the next one or found none.
 */
export function readLogs(logs: readonly LogLine[], isAtRest: boolean): LogReading {
	const generations: Record<string, number> = {};
	const violations: string[] = [];
	const moves = new Map<string, number>();
	const open = new Set<string>();
	let deaths = 0;
	for (const line of logs) {
		const id = String(line.completionId ?? line.requestId);
		if (line.msg === 'worker died') deaths += 1;
		if (line.msg === MOVED) moves.set(id, (moves.get(id) ?? 0) + 1);
		if (line.msg === 'generation started') open.add(id);
		if (line.level === 'fatal' || /unhandled/i.test(line.msg)) violations.push(`log: ${line.msg}`);
		if (line.msg !== 'generation ended') continue;
		if (!open.delete(id)) violations.push(`generation ${id} ended twice, or never began`);
		const isExcused = line.code === 'worker_crashed' && moves.has(id);
		const name = [line.outcome, line.code, isExcused ? 'after a move' : null].filter((part) => part != null).join(' ');
		generations[name] = (generations[name] ?? 0) + 1;
		if (line.outcome === 'failed' && !isExcused)
			violations.push(`failed: ${JSON.stringify([line, causeOf(logs, line.requestId)])}`);
	}
	if (isAtRest) for (const id of open) violations.push(`generation ${id} never ended`);
	const moved = [...moves.values()].reduce((sum, count) => sum + count, 0);
	return { generations, moved, deaths, violations };
}

function causeOf(logs: readonly LogLine[], requestId: unknown): unknown {
	return logs.find((line) => line.msg === 'request failed' && line.requestId === requestId)?.failure ?? null;
}
