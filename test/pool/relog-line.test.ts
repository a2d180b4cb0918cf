import { describe, expect, it } from 'vitest';
import { relogLine } from '../../src/pool/relog-line.ts';
import { recordingLog } from '../support/recording-log.ts';

function relog(line: string) {
	const log = recordingLog();
	relogLine(line, 'w0', log);
	return log.entries;
}

describe('relogLine', () => {
	it.each([
		[20, 'debug'],
		[30, 'info'],
		[40, 'warn'],
		[50, 'error'],
		[60, 'error'],
		['warn', 'warn'],
		['fatal', 'error'],
		['verbose', 'info'],
	])('says a line of level %s again as %s, with its fields', (level, expected) => {
		const line = JSON.stringify({ level, time: 1, pid: 2, hostname: 'h', slot: 3, msg: 'decoded' });
		expect(relog(line)).toEqual([{ level: expected, fields: { slot: 3, workerId: 'w0' }, message: 'decoded' }]);
	});

	it('keeps any other line as text, cut to a length that a log can bear', () => {
		expect(relog('ggml: hello')).toEqual([
			{ level: 'info', fields: { workerId: 'w0', line: 'ggml: hello' }, message: 'worker output' },
		]);
		expect(String(relog('x'.repeat(100_000))[0]?.fields.line)).toHaveLength(4096);
		expect(relog('{"level":30}')).toHaveLength(1);
	});

	it('does not let a worker speak for another', () => {
		const [entry] = relog('{"level":30,"msg":"m","workerId":"w9"}');
		expect(entry?.fields.workerId).toBe('w0');
	});

	it('says nothing of empty lines', () => {
		expect(relog('  ')).toEqual([]);
	});
});
