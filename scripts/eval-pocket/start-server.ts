import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const START_DEADLINE_MS = 120_000;

export type StartedServer = { url: string; stop(): Promise<void> };

/** Serves the embedded model with the built server on `port`. Resolves when the model is loaded. */
export async function startServer(port: number, slots: number): Promise<StartedServer> {
	const args = ['dist/main.js', '--port', String(port), '--slots', String(slots), '--log-level', 'warn'];
	const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	const url = `http://127.0.0.1:${port}`;
	const deadline = Date.now() + START_DEADLINE_MS;
	while (!(await isReady(url))) {
		if (child.exitCode !== null || Date.now() > deadline) {
			child.kill();
			throw new Error(`no server on ${url}: is dist built, and the port free?`);
		}
		await sleep(250);
	}
	return {
		url,
		async stop() {
			child.kill('SIGTERM');
			await ended;
		},
	};
}

async function isReady(url: string): Promise<boolean> {
	return await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
		(response) => response.ok,
		() => false,
	);
}
