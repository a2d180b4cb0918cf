import { resolveModelSource } from '../worker/download-model.ts';
import { createLog } from './create-log.ts';
import type { RunContext } from './run.ts';
import { watchShutdownSignals } from './shutdown-signals.ts';
import { runWorker } from './worker.ts';
import { type WorkerFlags, workerOptions } from './worker-flags.ts';

/** `retort worker`: fetches the model where it has to, and serves it on its socket. Resolves to the exit code. */
export async function runWorkerVerb(flags: WorkerFlags, context: RunContext): Promise<number> {
	const path = await fetchModel(flags.model, context);
	return path === null ? 0 : await runWorker(workerOptions(flags, path));
}

/** null when a signal came first. */
async function fetchModel(source: string, context: RunContext): Promise<string | null> {
	const { signal, stop } = watchShutdownSignals(() => context.exit(1));
	const log = createLog({ level: 'info', format: 'auto' }, process.stderr);
	const terminal = process.stderr.isTTY ? process.stderr : null;
	try {
		return await resolveModelSource(source, { environment: process.env, sha256: null, signal, terminal, log });
	} catch (error) {
		if (signal.aborted) return null;
		throw error;
	} finally {
		stop();
	}
}
