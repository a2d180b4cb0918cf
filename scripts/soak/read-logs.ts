import type { LogLine } from '../../test/support/retort-server.ts';

const MOVED = 'running the request elsewhere';
const DEATHS = ['worker died', 'killing worker'];
/** Between a broken stream and the line of its worker's death. */
const DEATH_SEEN_MS = 2000;

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
	const moves = new Map<string, LogLine[]>();
	const deaths = logs.filter(({ msg }) => DEATHS.includes(msg));
	const open = new Set<string>();
	for (const line of logs) {
		const id = String(line.completionId ?? line.requestId);
		if (line.msg === MOVED) moves.set(id, [...(moves.get(id) ?? []), line]);
		if (line.msg === 'generation started') open.add(id);
		if (line.level === 'fatal' || /unhandled/i.test(line.msg)) violations.push(`log: ${line.msg}`);
		if (line.msg !== 'generation ended') continue;
		if (!open.delete(id)) violations.push(`generation ${id} ended twice, or never began`);
		const excuse = line.code === 'worker_crashed' ? excuseOf(line, moves.get(id) ?? [], deaths) : null;
		const name = [line.outcome, line.code, excuse].filter((part) => part != null).join(' ');
		generations[name] = (generations[name] ?? 0) + 1;
		if (line.outcome === 'failed' && excuse === null)
			violations.push(`failed: ${JSON.stringify([line, causeOf(logs, line.requestId)])}`);
	}
	if (isAtRest) for (const id of open) violations.push(`generation ${id} never ended`);
	const moved = [...moves.values()].reduce((sum, { length }) => sum + length, 0);
	const died = logs.filter(({ msg }) => msg === 'worker died').length;
	return { generations, moved, deaths: died, violations };
}

/** A generation is not handed round: the second death ends it. And one that has begun may find nobody to go on. */
function excuseOf(end: LogLine, moves: readonly LogLine[], deaths: readonly LogLine[]): string | null {
	const moved = moves.at(-1);
	if (moved === undefined) return null;
	const isNear = (one: LogLine, other: LogLine) => Math.abs(Number(one.time) - Number(other.time)) < DEATH_SEEN_MS;
	const second = deaths.find((one) => isNear(one, end) && (one.workerId !== moved.workerId || !isNear(one, moved)));
	return second === undefined ? 'nobody to carry on' : 'two workers lost';
}

function causeOf(logs: readonly LogLine[], requestId: unknown): unknown {
	return logs.find((line) => line.msg === 'request failed' && line.requestId === requestId)?.failure ?? null;
}
