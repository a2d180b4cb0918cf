/** What the gateway needs of pino. Fields first; a level that is off costs nothing. */
export type GatewayLog = {
	debug(fields: object, message: string): void;
	info(fields: object, message: string): void;
	warn(fields: object, message: string): void;
	error(fields: object, message: string): void;
};

/**
 * An error as it may be logged: where it happened, not what it says. The message of an unforeseen error can quote a
 * prompt (JSON.parse and template engines do). Messages of our own errors never hold one, so those are kept.
 */
export function describeFailure(error: unknown): object {
	if (!(error instanceof Error)) return { name: typeof error };
	const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
	const message = error.name === 'RetortError' ? { message: error.message } : {};
	const cause = error.cause === undefined ? {} : { cause: describeFailure(error.cause) };
	return { name: error.name, ...code, ...message, stack: framesOf(error), ...cause };
}

function framesOf(error: Error): string[] {
	return (error.stack ?? '')
		.split('\n')
		.filter((line) => line.startsWith('    at '))
		.map((line) => line.trim());
}
