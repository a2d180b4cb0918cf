import { CommanderError } from 'commander';
import { nearestName } from '../config/nearest-name.ts';
import { RetortError } from '../errors.ts';
import { serveCommand } from './serve-flags.ts';
import { workerCommand } from './worker-flags.ts';

export type RunContext = {
	/** Ends the process at once: the second Ctrl-C. */
	exit: (code: number) => never;
};

const VERBS = ['serve', 'worker', 'ps', 'drain', 'undrain', 'restart', 'native', 'doctor', 'help'];

/** Runs one command line to its end and tells the exit code: 2 for what was asked wrongly, 1 for what went wrong. */
export async function run(args: string[], context: RunContext): Promise<number> {
	try {
		return await dispatch(args, context);
	} catch (error) {
		if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
		if (error instanceof RetortError) {
			process.stderr.write(`retort: ${error.message}\n`);
			return error.code === 'config_error' ? 2 : 1;
		}
		throw error;
	}
}

/** What a verb runs is loaded when it is run: --help must not wait for llama.cpp. */
async function dispatch(args: string[], context: RunContext): Promise<number> {
	const [first, ...rest] = args;
	const verb = first === undefined || first.startsWith('-') ? 'serve' : first;
	const verbArgs = verb === first ? rest : args;
	let code = 0;
	switch (verb) {
		case 'serve': {
			const command = serveCommand(async (flags) => {
				if (flags.version) {
					const { printVersion } = await import('./versions.ts');
					await printVersion(flags.json ?? false);
				} else {
					const { serve } = await import('./serve.ts');
					code = await serve(flags, context);
				}
			});
			await command.exitOverride().parseAsync(verbArgs, { from: 'user' });
			return code;
		}
		case 'worker': {
			const command = workerCommand(async (flags) => {
				const { runWorkerVerb } = await import('./run-worker-verb.ts');
				code = await runWorkerVerb(flags, context);
			});
			await command.exitOverride().parseAsync(verbArgs, { from: 'user' });
			return code;
		}
		case 'ps': {
			const { psCommand } = await import('./operate-flags.ts');
			const command = psCommand(async (flags) => {
				const { ps } = await import('./ps.ts');
				await ps(flags);
			});
			await command.exitOverride().parseAsync(verbArgs, { from: 'user' });
			return code;
		}
		case 'drain':
		case 'undrain':
		case 'restart': {
			const { operateCommand } = await import('./operate-flags.ts');
			const command = operateCommand(verb, async (worker, flags) => {
				const { operate } = await import('./operate.ts');
				await operate(verb, worker, flags);
			});
			await command.exitOverride().parseAsync(verbArgs, { from: 'user' });
			return code;
		}
		case 'gateway': {
			const { runGatewayProcess } = await import('./gateway-process.ts');
			return await runGatewayProcess();
		}
		case 'native': {
			const { nativeCommand } = await import('./native-flags.ts');
			const command = nativeCommand(async (action, flags) => {
				const { native } = await import('./native-build.ts');
				code = await native(action, flags);
			});
			for (const each of [command, ...command.commands]) each.exitOverride();
			await command.parseAsync(verbArgs, { from: 'user' });
			return code;
		}
		case 'doctor': {
			const { doctorCommand } = await import('./doctor-flags.ts');
			const command = doctorCommand(async (flags) => {
				const { doctor } = await import('./doctor.ts');
				code = await doctor(flags);
			});
			await command.exitOverride().parseAsync(verbArgs, { from: 'user' });
			return code;
		}
		case 'help':
			return await dispatch([...rest, '--help'], context);
		default: {
			const near = nearestName(verb, VERBS);
			const hint = near === null ? `The verbs are ${VERBS.join(', ')}.` : `(Did you mean ${near}?)`;
			process.stderr.write(`error: unknown verb '${verb}'\n${hint}\n`);
			return 2;
		}
	}
}
