export type LogEntry = { level: 'debug' | 'info' | 'warn' | 'error'; fields: Record<string, unknown>; message: string };

/** A logger that keeps what was said. */
export function recordingLog() {
	const entries: LogEntry[] = [];
	const at = (level: LogEntry['level']) => (fields: Record<string, unknown>, message: string) => {
		entries.push({ level, fields, message });
	};
	return { entries, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
