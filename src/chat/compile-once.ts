import { invalidRequest } from '../errors.ts';
import type { Grammar } from '../protocol/worker-api.ts';
import { isDeadlineError, withDeadline } from './compile-template.ts';
import { createRecentCache } from './recent-cache.ts';

/** Everyone else waits while a schema is compiled. */
const DEADLINE_MS = 1000;

/** Programs send the same schema with every request. */
const grammars = createRecentCache<Grammar | null>(1_000_000);

/** The grammar that was built for an equal key, or a new one. Throws a 400 where it cannot be had in time. */
export function compileOnce(
	key: unknown,
	param: string,
	build: () => Grammar | null,
	deadlineMs = DEADLINE_MS,
): Grammar | null {
	const json = JSON.stringify(key);
	const known = grammars.get(json);
	if (known !== undefined) return known;
	try {
		const grammar = withDeadline(build, deadlineMs);
		grammars.set(json, grammar);
		return grammar;
	} catch (error) {
		if (!isDeadlineError(error)) throw error;
		throw invalidRequest(param, 'unsupported_value', `Unsupported schema: '${param}' takes too long to compile.`);
	}
}
