import { setTimeout as delay } from 'node:timers/promises';

/** A test that has failed must not go on looking. */
const MOST_MS = 110_000;

export async function until(isSo: () => boolean): Promise<void> {
	const endMs = performance.now() + MOST_MS;
	while (!isSo()) {
		if (performance.now() > endMs) throw new Error(`never so: ${isSo}`);
		await delay(1);
	}
}
