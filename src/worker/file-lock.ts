import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const TOUCH_MS = 2_000;
/** A holder that has not touched its lock for so long is gone, on whatever machine it ran. */
const STALE_MS = 15_000;
const RETRY_MS = 250;

/**
 * Holds a lock file while the work runs. Works across processes and, through its modification time, across containers
 * that share the folder. `onWait` is called once if someone else holds it.
 */
export async function withFileLock<Result>(
	path: string,
	options: { signal: AbortSignal; onWait: () => void },
	work: () => Promise<Result>,
): Promise<Result> {
	const token = randomUUID();
	let told = false;
	while (!(await acquire(path, token))) {
		if (!told) options.onWait();
		told = true;
		await delay(RETRY_MS, undefined, { signal: options.signal });
	}
	const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MS);
	try {
		return await work();
	} finally {
		clearInterval(touch);
		await rm(path, { force: true });
	}
}

async function acquire(path: string, token: string): Promise<boolean> {
	try {
		const file = await open(path, 'wx');
		await file.writeFile(token);
		await file.close();
		return true;
	} catch (error) {
		if (!isCode(error, 'EEXIST')) throw error;
	}
	await removeStale(path, token);
	return false;
}

async function removeStale(path: string, token: string): Promise<void> {
	try {
		const before = await readFile(path, 'utf8');
		if (Date.now() - (await stat(path)).mtimeMs < STALE_MS) return;
		// Renamed first: of two that find it stale one gets it, and a fresh lock taken in between is put back.
		const aside = `${path}.${token}`;
		await rename(path, aside);
		if ((await readFile(aside, 'utf8')) === before) await rm(aside, { force: true });
		else await rename(aside, path);
	} catch (error) {
		if (!isCode(error, 'ENOENT')) throw error;
	}
}

function isCode(error: unknown, code: string): boolean {
	return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
