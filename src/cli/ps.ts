import { setTimeout as delay } from 'node:timers/promises';
import { adminClient } from './admin-client.ts';
import { formatPool } from './format-pool.ts';
import type { PsFlags } from './operate-flags.ts';

const WATCH_MS = 1000;
const CLEAR_SCREEN = '\x1b[2J\x1b[H';

/** `retort ps`: what runs, once or again and again. */
export async function ps(flags: PsFlags): Promise<void> {
	const client = adminClient(flags);
	while (true) {
		const report = await client.pool();
		const text = flags.json ? `${JSON.stringify(report)}\n` : formatPool(report);
		process.stdout.write(flags.watch && !flags.json && process.stdout.isTTY ? CLEAR_SCREEN + text : text);
		if (!flags.watch) return;
		await delay(WATCH_MS);
	}
}
