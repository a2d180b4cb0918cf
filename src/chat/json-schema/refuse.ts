import { invalidRequest, type RetortError } from '../../errors.ts';

/** A schema's place: the request parameter that holds it, and the way to a keyword, as a dotted path. */
export function childPath(path: string, key: string | number): string {
	if (typeof key === 'number') return `${path}[${key}]`;
	return /^[$\w-]{1,64}$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** The schema may be right, but no grammar says the same. */
export function unsupported(path: string, why: string): RetortError {
	const shown = path.length > 300 ? `${path.slice(0, 300)}...` : path;
	return invalidRequest(shown, 'unsupported_value', `Unsupported schema: '${shown}' ${why}.`);
}

/** Not a JSON Schema. */
export function malformed(path: string, why: string): RetortError {
	const shown = path.length > 300 ? `${path.slice(0, 300)}...` : path;
	return invalidRequest(shown, 'invalid_value', `Invalid schema: '${shown}' ${why}.`);
}
