import { Command, Option } from 'commander';
import { gpuLayers, integerFrom } from './flag-values.ts';

/** What the command line of `worker` says; absent means that configuration or defaults decide. */
export type WorkerFlags = {
	config?: string;
	listen?: string;
	tokenFile?: string;
	tlsCert?: string;
	tlsKey?: string;
	tlsClientCa?: string;
	announce?: string[];
	announceUrl?: string;
	model?: string;
	name?: string;
	slots?: number;
	context?: number;
	threads?: number;
	gpuLayers?: number | 'auto' | 'max';
	batchTokens?: number;
	prefillSliceTokens?: number;
	parkedBytes?: number;
	speculation?: boolean;
	draftModel?: string;
	embeddings?: boolean;
	endWithStdin?: boolean;
	outlive?: number;
};

const ANY = Number.MAX_SAFE_INTEGER;

/** The command line of `retort worker`. Its defaults are those of a model in the configuration. */
export function workerCommand(action: (flags: WorkerFlags) => Promise<void>): Command {
	return new Command('retort worker')
		.description('one model behind one socket, for a gateway elsewhere; it knows nothing of API keys')
		.option('-c, --config <file>', 'configuration in YAML: its worker: section, and its models')
		.option('-l, --listen <address>', 'unix:/path/to.sock or tcp://HOST:PORT')
		.option('--token-file <file>', 'file with the bearer token that gateways must show')
		.option('--tls-cert <file>', 'certificate (PEM): serve https')
		.option('--tls-key <file>', 'its private key (PEM)')
		.option('--tls-client-ca <file>', 'authority (PEM) whose certificates gateways must show: mutual TLS')
		.option('--announce <gateway...>', 'gateways to tell of this worker, as http://gateway:8080; takes --token-file')
		.option('--announce-url <url>', 'where they reach it, if not at the address that it tells them from')
		.option('-m, --model <source>', 'GGUF file, or hf:user/repo:QUANT')
		.option('--name <name>', 'what the model is called; without --model, which one of the configuration it is')
		.addOption(new Option('--slots <number>', 'requests at once (default: 4)').argParser(integerFrom(1, 256)))
		.addOption(
			new Option('--context <tokens>', "of one slot (default: the model's own, 8192 at most)").argParser(
				integerFrom(64, ANY),
			),
		)
		.addOption(
			new Option('--threads <number>', 'CPU threads (default: physical cores, 1 for a small model)').argParser(
				integerFrom(1, 1024),
			),
		)
		.addOption(new Option('--gpu-layers <number>', 'auto, max or a number (default: auto)').argParser(gpuLayers))
		.addOption(
			new Option('--batch-tokens <number>', 'tokens that are computed at once (default: 512, on a GPU 1024)').argParser(
				integerFrom(1, ANY),
			),
		)
		.addOption(
			new Option('--prefill-slice-tokens <number>', 'prompt tokens between two decode steps (default: 512)').argParser(
				integerFrom(1, ANY),
			),
		)
		.addOption(
			new Option(
				'--parked-bytes <number>',
				'memory for conversations that gave up their slot (default: 1 GiB)',
			).argParser(integerFrom(0, ANY)),
		)
		.addOption(
			new Option('--outlive <seconds>', 'end when nobody has asked for it for so long').argParser(Number).hideHelp(),
		)
		.option('--no-speculation', 'no guesses at what the text repeats (default: where they are measured to be faster)')
		.option('--draft-model <source>', 'a smaller model of the same vocabulary whose guesses are verified')
		.option('--embeddings', 'make embeddings instead of text (default: what the file says of itself)')
		.option('--no-embeddings', 'generate text, whatever the file says')
		.option('--end-with-stdin', 'end when stdin ends: for a worker whose parent holds its stdin')
		.helpOption('-h, --help', 'print this')
		.action(action);
}
