import { type Logger, pino } from 'pino';
import type { Config } from '../config/schema.ts';
import { formatLogLine } from './format-log-line.ts';

/** What a disk that is full for a while may hold back; more is dropped. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/** The process's log, on stderr: lines for people where that is a terminal, JSON everywhere else. */
export function createLog({ level, format }: Config['logging'], stderr: NodeJS.WriteStream): Logger {
	const isPretty = format === 'pretty' || (format === 'auto' && stderr.isTTY);
	const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
	// Synchronous writes of whole lines: nothing is lost however the process ends.
	if (!isPretty) {
		const destination = pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
		// A log that cannot be written must not end what runs. (A reader that went away is pino's own case.)
		destination.on('error', () => undefined);
		return pino(options, destination);
	}
	stderr.on('error', () => undefined);
	return pino(options, { write: (line) => stderr.write(formatLogLine(line, stderr.isTTY)) });
}
