/** OpenAI's x-ratelimit-reset-* values are Go durations: `12ms`, `1s`, `6m0s`, `1h2m3s`; parts of a second count up. */
export function goDuration(ms: number): string {
	if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`;
	const seconds = Math.ceil(ms / 1000);
	const hours = Math.floor(seconds / 3600);
	const minutes = Math.floor((seconds % 3600) / 60);
	const rest = `${seconds % 60}s`;
	if (hours > 0) return `${hours}h${minutes}m${rest}`;
	return minutes > 0 ? `${minutes}m${rest}` : rest;
}
