import { Command, Option } from 'commander';
import { configSchema } from '../config/schema.ts';
import { gpuLayers, integerFrom } from './flag-values.ts';
import { nameOfModel } from './name-of-model.ts';
import type { RunWorkerOptions } from './worker.ts';

/** What the command line of `worker` says; `model` may still have to be downloaded. */
export type WorkerFlags = {
	listen: string;
	model: string;
	name?: string;
	slots: number;
	context?: number;
	threads?: number;
	gpuLayers: number | 'auto' | 'max';
	batchTokens: number;
	prefillSliceTokens: number;
	endWithStdin?: boolean;
};

const ANY = Number.MAX_SAFE_INTEGER;

/** The command line of `retort worker`. Its defaults are those of a model in the configuration. */
export function workerCommand(action: (flags: WorkerFlags) => Promise<void>): Command {
	const { slots, gpuLayers: layers, batchTokens, prefillSliceTokens } = modelDefaults();
	return new Command('retort worker')
		.description('one model behind one socket, for a gateway elsewhere; it knows nothing of keys: guard the socket')
		.requiredOption('-l, --listen <address>', 'unix:/path/to.sock or HOST:PORT')
		.requiredOption('-m, --model <source>', 'GGUF file, or hf:user/repo:QUANT')
		.option('--name <name>', 'what the model is called in messages')
		.addOption(new Option('--slots <number>', 'requests at once').argParser(integerFrom(1, 256)).default(slots))
		.addOption(
			new Option('--context <tokens>', "of one slot (default: the model's own, 8192 at most)").argParser(
				integerFrom(64, ANY),
			),
		)
		.addOption(new Option('--threads <number>', 'CPU threads (default: by model size)').argParser(integerFrom(1, 1024)))
		.addOption(new Option('--gpu-layers <number>', 'auto, max or a number').argParser(gpuLayers).default(layers))
		.addOption(
			new Option('--batch-tokens <number>', 'tokens in one batch').argParser(integerFrom(1, ANY)).default(batchTokens),
		)
		.addOption(
			new Option('--prefill-slice-tokens <number>', 'prompt tokens between two decode steps')
				.argParser(integerFrom(1, ANY))
				.default(prefillSliceTokens),
		)
		.option('--end-with-stdin', 'end when stdin ends: for a worker whose parent holds its stdin')
		.helpOption('-h, --help', 'print this')
		.action(action);
}

function modelDefaults() {
	const { models } = configSchema.parse({ models: { any: { source: '' } } });
	if (models.any === undefined) throw new TypeError('no model'); // the line above made it
	return models.any;
}

/** What the worker is started with once its model is a file. */
export function workerOptions(flags: WorkerFlags, modelPath: string): RunWorkerOptions {
	return {
		listen: flags.listen,
		modelPath,
		name: flags.name ?? nameOfModel(flags.model),
		slots: flags.slots,
		contextTokens: flags.context ?? null,
		threads: flags.threads ?? null,
		gpuLayers: flags.gpuLayers,
		batchTokens: flags.batchTokens,
		prefillSliceTokens: flags.prefillSliceTokens,
		endsWithStdin: flags.endWithStdin ?? false,
	};
}
