import { Command } from 'commander';

export type DoctorFlags = { json?: boolean; speed: boolean };

/** The command line of `retort doctor`. */
export function doctorCommand(action: (flags: DoctorFlags) => Promise<void>): Command {
	return new Command('retort doctor')
		.description('what runs the models on this machine, and what would run them faster')
		.option('--json', 'for programs')
		.option('--no-speed', 'do not measure: takes about ten seconds')
		.helpOption('-h, --help', 'print this')
		.action(action);
}
