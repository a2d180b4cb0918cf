import { describe, expect, it } from 'vitest';
import { formatBytes, formatProgress, showProgress } from '../../src/worker/download-progress.ts';

const half = { downloadedBytes: 5e9, totalBytes: 1e10, bytesPerSecond: 98e6 };

describe('download progress', () => {
	it('is one line with bar, share, amount, speed and time left', () => {
		expect(formatProgress('m.gguf', half)).toBe(
			'm.gguf [##############..............]  50 %  5.0 GB of 10.0 GB  98.0 MB/s  0:51 left',
		);
		expect(formatProgress('m.gguf', { downloadedBytes: 0, totalBytes: 7.2e12, bytesPerSecond: 1e9 })).toContain(
			'2:00:00 left',
		);
	});

	it('counts bytes in powers of ten', () => {
		expect([0, 999, 1000, 1_866_208, 123_456_789].map(formatBytes)).toEqual([
			'0 B',
			'999 B',
			'1.0 kB',
			'1.9 MB',
			'123 MB',
		]);
	});

	it('draws over its own line on a terminal, not wider than that, and clears it at the end', () => {
		const written: string[] = [];
		const terminal = { columns: 40, write: (text: string) => written.push(text) };
		const progress = showProgress('m.gguf', { terminal, log: { info: () => undefined } });
		progress.update(half, 0);
		progress.update(half, 50);
		progress.update(half, 200);
		progress.end();
		expect(written).toHaveLength(3);
		expect(written[0]).toBe(`\r\u001b[K${formatProgress('m.gguf', half).slice(0, 39)}`);
		expect(written[2]).toBe('\r\u001b[K');
	});

	it('logs a line every few seconds where there is no terminal', () => {
		const lines: object[] = [];
		const progress = showProgress('m.gguf', { terminal: null, log: { info: (fields) => lines.push(fields) } });
		for (const nowMs of [0, 1000, 4000, 5000, 9000, 11_000]) progress.update(half, nowMs);
		progress.end();
		expect(lines).toHaveLength(3);
		expect(lines[0]).toEqual({ file: 'm.gguf', ...half });
	});
});
