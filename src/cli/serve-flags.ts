import { Command, Option } from 'commander';
import { gpuLayers, integerFrom } from './flag-values.ts';

/** What the command line of `serve` says; absent means that configuration or defaults decide. */
export type ServeFlags = {
	config?: string;
	model?: string;
	draftModel?: string;
	name?: string;
	host?: string;
	port?: number;
	workers?: number;
	gateways?: number;
	slots?: number;
	context?: number;
	threads?: number;
	gpuLayers?: number | 'auto' | 'max';
	apiKeyFile?: string;
	insecure?: boolean;
	version?: boolean;
	json?: boolean;
	logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
};

const ANY = Number.MAX_SAFE_INTEGER;

const EXAMPLES = `
Verbs:
  serve (the default)            OpenAI-compatible server with its own workers
  worker                         a bare worker for a gateway elsewhere; see: retort worker --help
  ps, drain, undrain, restart    operate a running server; see: retort ps --help, retort restart --help
  doctor                         what runs on this machine, and what would be gained
  native build, native remove    a llama.cpp binary of this machine; see: retort native --help

Examples:
  retort                                              the embedded model on http://127.0.0.1:8080/v1
  retort --model hf:bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF:Q4_K_M
  retort --model ./model.gguf --slots 8 --context 16384
  retort --config team.yaml --host 0.0.0.0 --api-key-file keys.txt

Downloads: HF_ENDPOINT and HF_TOKEN are honoured; models are kept in RETORT_MODELS (default ~/.cache/retort/models).
Flags override the configuration file. Every key of that file: config/default.yaml`;

/** The command line of `retort [serve]`. */
export function serveCommand(action: (flags: ServeFlags) => Promise<void>): Command {
	return new Command('retort')
		.usage('[serve] [options]')
		.description('OpenAI-compatible inference server for DeepSeek-R1 distills and other GGUF models')
		.option('-m, --model <source>', 'GGUF file, or hf:user/repo:QUANT (default: the embedded pocket-reasoner)')
		.option('--draft-model <source>', 'a smaller model of the same vocabulary whose guesses are verified')
		.option('--name <name>', 'name under which --model is served')
		.addOption(
			new Option('-p, --port <number>', 'port, 0 for a free one (default: 8080)').argParser(integerFrom(0, 65535)),
		)
		.option('--host <address>', 'address to listen on (default: 127.0.0.1)')
		.option('-c, --config <file>', 'configuration in YAML')
		.addOption(
			new Option('--workers <number>', 'worker processes of each model (default: 1)').argParser(integerFrom(1, 64)),
		)
		.addOption(
			new Option('--slots <number>', 'requests that one worker runs at once (default: 4)').argParser(
				integerFrom(1, 256),
			),
		)
		.addOption(
			new Option('--context <tokens>', "context of one slot (default: the model's own, 8192 at most)").argParser(
				integerFrom(64, ANY),
			),
		)
		.addOption(
			new Option(
				'--threads <number>',
				'CPU threads of a worker (default: physical cores, 1 for a small model)',
			).argParser(integerFrom(1, 1024)),
		)
		.addOption(
			new Option('--gpu-layers <number>', 'layers on the GPU: auto, max or a number (default: auto)').argParser(
				gpuLayers,
			),
		)
		.addOption(
			new Option('--gateways <number>', 'gateway processes behind the one port (default: 1)').argParser(
				integerFrom(1, 64),
			),
		)
		.option('--api-key-file <file>', 'API keys, one id:key a line; only their hashes are kept')
		.option('--insecure', 'allow listening beyond this machine without API keys')
		.addOption(new Option('--log-level <level>').choices(['trace', 'debug', 'info', 'warn', 'error', 'silent']))
		.option('-v, --version', 'print the version; with --json also of what is inside')
		.addOption(new Option('--json', 'with --version').hideHelp())
		.helpOption('-h, --help', 'print this')
		.addHelpText('after', EXAMPLES)
		.action(action);
}
