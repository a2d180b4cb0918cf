const COLOURS: Record<string, string> = { debug: '90', info: '36', warn: '33', error: '31', fatal: '31' };

/** One of pino's JSON lines as people read it: `12:34:56 info  message  key=value`. */
export function formatLogLine(line: string, hasColours: boolean): string {
	const { time, level, msg, ...fields }: Record<string, unknown> = JSON.parse(line);
	const name = String(level);
	const paint = (code: string, text: string) => (hasColours ? `\u001b[${code}m${text}\u001b[0m` : text);
	const clock = typeof time === 'number' ? new Date(time).toLocaleTimeString('en-GB') : '';
	const rest = Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`);
	const tail = rest.length === 0 ? '' : `  ${paint('90', rest.join(' '))}`;
	return `${paint('90', clock)} ${paint(COLOURS[name] ?? '0', name.padEnd(5))} ${String(msg ?? '')}${tail}\n`;
}

/** Quoted as soon as it could be taken for something else; JSON escapes control characters. */
function show(value: unknown): string {
	if (typeof value === 'string' && /^[\w./:@+-]+$/.test(value)) return value;
	return JSON.stringify(value) ?? String(value);
}
