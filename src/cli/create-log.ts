import { type Logger, pino } from 'pino';
import type { Config } from '../config/schema.ts';
import { formatLogLine } from './format-log-line.ts';

/** The process's log, on stderr: lines for people where that is a terminal, JSON everywhere else. */
export function createLog({ level, format }: Config['logging'], stderr: NodeJS.WriteStream): Logger {
	const isPretty = format === 'pretty' || (format === 'auto' && stderr.isTTY);
	const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
	// Synchronous writes of whole lines: nothing is lost however the process ends.
	if (!isPretty) return pino(options, pino.destination({ dest: 2, sync: true }));
	return pino(options, { write: (line) => stderr.write(formatLogLine(line, stderr.isTTY)) });
}
