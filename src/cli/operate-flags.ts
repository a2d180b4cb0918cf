import { Command, Option } from 'commander';

/** Where the server is, and what it is asked with. */
export type ServerFlags = { url: string; keyFile?: string };
export type PsFlags = ServerFlags & { json?: boolean; watch?: boolean };
export type OperateFlags = ServerFlags & { rolling?: boolean; timeout: number };

const KEY_HELP = `
The key is the admin key of the server: the first line of --key-file, or RETORT_ADMIN_KEY. A server without keys asks for
none on its own machine.`;

const WORDS = {
	drain: 'give a worker no more work; what it runs goes on',
	undrain: 'give a drained worker work again',
	restart: 'let a worker finish, end it, and start it again',
};

/** The command line of `retort ps`. */
export function psCommand(action: (flags: PsFlags) => Promise<void>): Command {
	return withServer(new Command('retort ps'))
		.description('the workers of a running server: models, slots, speed, cache, restarts, versions')
		.option('--json', 'for programs: what GET /admin/pool answers')
		.option('--watch', 'again every second, until Ctrl-C')
		.action(action);
}

/** The command line of `retort drain`, `undrain` and `restart`. */
export function operateCommand(
	verb: keyof typeof WORDS,
	action: (worker: string | undefined, flags: OperateFlags) => Promise<void>,
): Command {
	const command = withServer(new Command(`retort ${verb}`)).description(WORDS[verb]);
	if (verb !== 'restart') return command.argument('<worker>', 'as `retort ps` names it').action(action);
	return command
		.argument('[worker]', 'as `retort ps` names it')
		.option('--rolling', 'every worker, one at a time, each once the one before is ready again')
		.addOption(
			new Option('--timeout <seconds>', 'how long one worker may take until it is ready again')
				.argParser(Number)
				.default(600),
		)
		.action(action);
}

function withServer(command: Command): Command {
	return command
		.option('--url <url>', 'where the server listens', 'http://127.0.0.1:8080')
		.option('--key-file <file>', 'a file that holds the admin key')
		.helpOption('-h, --help', 'print this')
		.addHelpText('after', KEY_HELP);
}
