import { readFileSync } from 'node:fs';
import { configError } from '../errors.ts';

/** What an Authorization header carries unchanged. */
const TOKEN = /^[\x21-\x7e]{16,4096}$/;

/** The one token in a file. Throws `config_error`, which never quotes it. */
export function readToken(path: string): string {
	return checkToken(readPem(path), path);
}

/** The token in an environment variable. Throws `config_error`, which never quotes it. */
export function readTokenVariable(name: string, environment: Record<string, string | undefined>): string {
	const text = environment[name];
	if (text === undefined) throw configError(`the environment variable ${name} is not set: it is to hold a token`);
	return checkToken(text, name);
}

function checkToken(text: string, where: string): string {
	const token = text.trim();
	if (!TOKEN.test(token))
		throw configError(`${where}: a token is one line of at least 16 printable ASCII characters without spaces`);
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
