import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { integerFrom } from './flag-values.ts';

export type NativeFlags = { gpu: 'cpu' | 'cuda'; jobs: number; workFolder: string };

/** The command line of `retort native`. */
export function nativeCommand(action: (verb: 'build' | 'remove', flags: NativeFlags) => Promise<void>): Command {
	const gpu = () => new Option('--gpu <kind>', 'what it shall run on').choices(['cpu', 'cuda']).default('cpu');
	const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	const build = new Command('build')
		.description("compile node-llama-cpp's own source for this machine; workers prefer it from their next start on")
		.addOption(gpu())
		.addOption(
			new Option('--jobs <number>', 'compilers at once').argParser(integerFrom(1, 256)).default(availableParallelism()),
		)
		.addOption(
			new Option('--work-folder <path>', 'for sources and objects, about 500 MB').default(
				join(cache, 'retort', 'native-build'),
			),
		)
		.helpOption('-h, --help', 'print this')
		.action((flags: NativeFlags) => action('build', flags));
	const remove = new Command('remove')
		.description('back to the prebuilt binary')
		.addOption(gpu())
		.helpOption('-h, --help', 'print this')
		.action((flags: NativeFlags) => action('remove', flags));
	return new Command('retort native')
		.description('a llama.cpp binary of this machine: CPU flags, OpenMP, decode steps in one call')
		.helpOption('-h, --help', 'print this')
		.addCommand(build)
		.addCommand(remove);
}
