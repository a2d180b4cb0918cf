const BAR_WIDTH = 28;
const LOG_EVERY_MS = 5_000;
const DRAW_EVERY_MS = 100;

export type ProgressState = { downloadedBytes: number; totalBytes: number; bytesPerSecond: number };

/** `12.3 MB`: sizes as disks and networks count them, in powers of ten. */
export function formatBytes(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** One line: `name [#####.....]  50 %  5.0 of 10.0 GB  98 MB/s  0:51 left`. */
export function formatProgress(name: string, state: ProgressState): string {
	const { downloadedBytes, totalBytes, bytesPerSecond } = state;
	const share = totalBytes > 0 ? Math.min(1, downloadedBytes / totalBytes) : 0;
	const filled = Math.round(share * BAR_WIDTH);
	const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
	const seconds = bytesPerSecond > 0 ? Math.round((totalBytes - downloadedBytes) / bytesPerSecond) : null;
	const left = seconds === null ? '' : `  ${formatSeconds(seconds)} left`;
	const amount = `${formatBytes(downloadedBytes)} of ${formatBytes(totalBytes)}`;
	return `${name} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${amount}  ${formatBytes(bytesPerSecond)}/s${left}`;
}

function formatSeconds(seconds: number): string {
	const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	const shown = parts[0] === 0 ? parts.slice(1) : parts;
	return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

export type ProgressOutput = {
	/** A terminal to draw a bar on, or null to log a line every few seconds. */
	terminal: { write(text: string): unknown; columns?: number } | null;
	log: { info(fields: object, message: string): void };
};

/** Shows one file's progress until `end` is called, which leaves a terminal with a clean line. */
export function showProgress(name: string, output: ProgressOutput) {
	let lastShown = Number.NEGATIVE_INFINITY;
	return {
		update(state: ProgressState, nowMs: number) {
			if (nowMs - lastShown < (output.terminal ? DRAW_EVERY_MS : LOG_EVERY_MS)) return;
			lastShown = nowMs;
			if (output.terminal) {
				const width = Math.max(20, (output.terminal.columns ?? 80) - 1);
				output.terminal.write(`\r\u001b[K${formatProgress(name, state).slice(0, width)}`);
			} else output.log.info({ file: name, ...state }, 'downloading');
		},
		end() {
			if (output.terminal && lastShown > Number.NEGATIVE_INFINITY) output.terminal.write('\r\u001b[K');
		},
	};
}
