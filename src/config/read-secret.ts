import { readFileSync } from 'node:fs';
import { configError } from '../errors.ts';

/** What an Authorization header carries unchanged. */
const TOKEN = /^[\x21-\x7e]{16,4096}$/;

/** The one token in a file. Throws `config_error`, which never quotes it. */
export function readToken(path: string): string {
	const token = readPem(path).trim();
	if (!TOKEN.test(token))
		throw configError(`${path}: a token is one line of at least 16 printable ASCII characters without spaces`);
	return token;
}

/** A file's text, as certificates and keys are. Throws `config_error`. */
export function readPem(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		throw configError(`${path}: cannot be read`, error);
	}
}
