import { loadConfig } from '../config/load-config.ts';
import { resolveModelSource } from '../worker/download-model.ts';
import { createLog } from './create-log.ts';
import type { RunContext } from './run.ts';
import { watchShutdownSignals } from './shutdown-signals.ts';
import { runWorker } from './worker.ts';
import type { WorkerFlags } from './worker-flags.ts';
import { type WorkerSettings, workerSettings } from './worker-settings.ts';

/** `retort worker`: fetches the model where it has to, and serves it on its socket. Resolves to the exit code. */
export async function runWorkerVerb(flags: WorkerFlags, context: RunContext): Promise<number> {
	const settings = workerSettings(flags, flags.config === undefined ? undefined : loadConfig(flags.config));
	const modelPath = await fetchModel(settings, context);
	return modelPath === null ? 0 : await runWorker({ ...settings, modelPath });
}

/** null when a signal came first. */
async function fetchModel({ source, sha256 }: WorkerSettings, context: RunContext): Promise<string | null> {
	const { signal, stop } = watchShutdownSignals(() => context.exit(1));
	const log = createLog({ level: 'info', format: 'auto' }, process.stderr);
	const terminal = process.stderr.isTTY ? process.stderr : null;
	try {
		return await resolveModelSource(source, { environment: process.env, sha256, signal, terminal, log });
	} catch (error) {
		if (signal.aborted) return null;
		throw error;
	} finally {
		stop();
	}
}
