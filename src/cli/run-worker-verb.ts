import { loadConfig } from '../config/load-config.ts';
import { createLog } from './create-log.ts';
import { fetchModelFiles, type ModelFiles } from './model-files.ts';
import type { RunContext } from './run.ts';
import { watchShutdownSignals } from './shutdown-signals.ts';
import { runWorker } from './worker.ts';
import { workerEnvironment } from './worker-environment.ts';
import type { WorkerFlags } from './worker-flags.ts';
import { type WorkerSettings, workerSettings } from './worker-settings.ts';

/** `retort worker`: fetches the model where it has to, and serves it on its socket. Resolves to the exit code. */
export async function runWorkerVerb(flags: WorkerFlags, context: RunContext): Promise<number> {
	const settings = workerSettings(flags, flags.config === undefined ? undefined : loadConfig(flags.config));
	const files = await fetchFiles(settings, context);
	return files === null ? 0 : await runWorker({ ...settings, modelPath: files.path, draftPath: files.draftPath });
}

/** null when a signal came first. */
async function fetchFiles(settings: WorkerSettings, context: RunContext): Promise<ModelFiles | null> {
	const { signal, stop } = watchShutdownSignals(() => context.exit(1));
	const log = createLog({ level: 'info', format: 'auto' }, process.stderr);
	// Too late to set it here: libuv's pool runs already, and malloc has made up its mind.
	const missing = Object.entries(workerEnvironment(settings)).filter(([name]) => process.env[name] === undefined);
	if (missing.length > 0) log.info(Object.fromEntries(missing), 'steps are faster with this in the environment');
	const terminal = process.stderr.isTTY ? process.stderr : null;
	try {
		return await fetchModelFiles(settings, { environment: process.env, signal, terminal, log });
	} catch (error) {
		if (signal.aborted) return null;
		throw error;
	} finally {
		stop();
	}
}
