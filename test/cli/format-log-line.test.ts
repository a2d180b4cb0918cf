import { describe, expect, it } from 'vitest';
import { formatLogLine } from '../../src/cli/format-log-line.ts';

describe('formatLogLine', () => {
	it('puts the message first and the fields after it', () => {
		const line = JSON.stringify({
			level: 'info',
			time: 0,
			workerId: 'm/0',
			ms: 12,
			text: 'two words',
			msg: 'worker ready',
		});
		expect(formatLogLine(line, false)).toMatch(
			/^\d\d:\d\d:\d\d info {2}worker ready {2}workerId=m\/0 ms=12 text="two words"\n$/,
		);
	});

	it('lets no control character through to the terminal', () => {
		const line = JSON.stringify({ level: 'warn', path: 'a\u001b[2Jb\nc', msg: 'odd' });
		expect(formatLogLine(line, false)).toBe(' warn  odd  path="a\\u001b[2Jb\\nc"\n');
	});
});
