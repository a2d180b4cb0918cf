import { z } from 'zod';
import type { PoolLog } from './pool-log.ts';

const MAX_LINE_LENGTH = 4096;

const pinoLineSchema = z.looseObject({ level: z.union([z.number(), z.string()]), msg: z.string() });

/**
 * Says again, under the gateway's log, what a worker process said: pino's JSON lines as such, anything else as text. Gives
 * back what it complains of: the error of a line that tells one, a text as it is.
 */
export function relogLine(line: string, workerId: string, log: PoolLog): string | null {
	if (line.trim() === '') return null;
	const parsed = pinoLineSchema.safeParse(parseJson(line));
	if (!parsed.success) {
		const text = line.slice(0, MAX_LINE_LENGTH);
		log.info({ workerId, line: text }, 'worker output');
		return text;
	}
	const { level, msg, time: _time, pid: _pid, hostname: _hostname, ...fields } = parsed.data;
	log[levelName(level)]({ ...fields, workerId }, msg);
	return typeof fields.error === 'string' ? fields.error : null;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

function levelName(level: number | string): keyof PoolLog {
	if (level === 'debug' || level === 'trace') return 'debug';
	if (level === 'warn') return 'warn';
	if (level === 'error' || level === 'fatal') return 'error';
	if (typeof level === 'string') return 'info';
	if (level < 30) return 'debug';
	if (level < 40) return 'info';
	return level < 50 ? 'warn' : 'error';
}
