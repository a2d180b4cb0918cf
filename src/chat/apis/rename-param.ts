import { RetortError } from '../../errors.ts';

export type Renaming = readonly [from: RegExp, to: string];

/**
 * A refusal of what the request became, by the name that the client used: the first renaming that fits. Other errors are
 * given back as they are.
 */
export function renameParam(error: unknown, renamings: readonly Renaming[]): unknown {
	if (!(error instanceof RetortError) || error.param === null) return error;
	const { param } = error;
	const renaming = renamings.find(([from]) => from.test(param));
	if (renaming === undefined) return error;
	const renamed = param.replace(renaming[0], renaming[1]);
	return new RetortError(error.message.replaceAll(`'${param}'`, `'${renamed}'`), {
		status: error.status,
		type: error.type,
		code: error.code,
		param: renamed,
		...(error.retryAfterSeconds === null ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
		...(error.shouldRetry === null ? {} : { shouldRetry: error.shouldRetry }),
		cause: error.cause,
	});
}

/** Runs what knows the request by other names than the client does. */
export function withRenamedParams<Result>(renamings: readonly Renaming[], run: () => Result): Result {
	try {
		return run();
	} catch (error) {
		throw renameParam(error, renamings);
	}
}
