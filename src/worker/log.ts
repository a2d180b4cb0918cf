/** Where a worker's log goes; never prompts, completions or keys. */
export type Log = Record<
	'debug' | 'info' | 'warn' | 'error',
	(fields: Record<string, unknown>, message: string) => void
>;
