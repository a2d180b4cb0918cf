import type { Log } from '../worker/log.ts';
import { parseListen, startWorker, type WorkerOptions } from '../worker/start-worker.ts';
import { announceWorker } from './announce-worker.ts';
import { retortVersion } from './package-root.ts';

export type RunWorkerOptions = Omit<WorkerOptions, 'log' | 'onFailure' | 'retortVersion'> & {
	/** The parent holds our stdin: when it ends, the parent is gone, and so are we, at once. */
	endsWithStdin: boolean;
	/** It lives on without its parent, and ends when nobody has asked for anything for so long; null otherwise. */
	outliveMs: number | null;
	/** The gateways that it tells of itself, and where they reach it if that is another address; null for none. */
	announce: { gateways: readonly string[]; url: string | null; token: string } | null;
};

/**
 * `retort worker`: one model behind one socket until a signal. Resolves to the exit code: 0 after a finished drain, 1 when
 * the model cannot be loaded or its context failed. Logs JSON lines to stdout.
 */
export async function runWorker(options: RunWorkerOptions): Promise<number> {
	const log = createLineLog();
	let fail: (error: Error) => void = () => undefined;
	const failed = new Promise<number>((resolve) => {
		fail = (error) => {
			log.error({ model: options.name, error: error.message }, 'worker failed');
			resolve(1);
		};
	});
	if (options.endsWithStdin) process.stdin.on('end', leaveAtOnce).on('error', leaveAtOnce).resume();
	let askedAtMs = performance.now();
	const worker = await startWorker({
		...options,
		onRequest: () => {
			askedAtMs = performance.now();
		},
		log,
		retortVersion: retortVersion(),
		onFailure: (error) => fail(error),
	});
	log.info({ model: options.name, address: worker.address, pid: process.pid }, 'worker listens');
	const announced =
		options.announce === null ? null : startAnnouncing(options.announce, options.name, worker.address, log);
	const stopped = new Promise<number>((resolve) => {
		const stop = (signal: NodeJS.Signals) => {
			log.info({ model: options.name, signal }, 'worker drains');
			for (const name of options.endsWithStdin ? (['SIGTERM'] as const) : SIGNALS) process.on(name, leaveAtOnce);
			// No work comes any more; what runs is finished.
			Promise.all([announced?.leave(), worker.close()]).then(
				() => resolve(0),
				() => resolve(1),
			);
		};
		process.once('SIGTERM', stop);
		if (options.outliveMs !== null)
			endWhenAlone(
				options.outliveMs,
				() => askedAtMs,
				() => stop('SIGTERM'),
			);
		// A Ctrl-C reaches every process of the terminal: a worker with a parent leaves it to the parent.
		process[options.endsWithStdin ? 'on' : 'once']('SIGINT', options.endsWithStdin ? () => undefined : stop);
	});
	const code = await Promise.race([failed, stopped]);
	if (code !== 0) await worker.destroy();
	return code;
}

function startAnnouncing(
	{ gateways, url, token }: NonNullable<RunWorkerOptions['announce']>,
	model: string,
	address: string,
	log: Log,
) {
	const port = parseListen(address.replace(/^https?:/, 'tcp:'))?.port ?? 0;
	const what = { model, port, secure: address.startsWith('https:'), url };
	return announceWorker({ gateways, token, what, log });
}

const ALONE_LOOK_MS = 500;

function endWhenAlone(afterMs: number, askedAtMs: () => number, stop: () => void): void {
	const timer = setInterval(() => {
		if (performance.now() - askedAtMs() < afterMs) return;
		clearInterval(timer);
		stop();
	}, ALONE_LOOK_MS).unref();
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** By signal: process.exit while a decode runs aborts in native code ("double free"). */
function leaveAtOnce(): void {
	process.kill(process.pid, 'SIGKILL');
}

function createLineLog(): Log {
	// A log that nobody reads any more (EPIPE), or a full disk, must not end what runs.
	process.stdout.on('error', () => undefined);
	process.stderr.on('error', () => undefined);
	const write = (level: string) => (fields: Record<string, unknown>, message: string) => {
		process.stdout.write(`${JSON.stringify({ level, ...fields, msg: message })}\n`);
	};
	return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
