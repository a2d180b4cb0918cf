import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { configError } from '../errors.ts';
import type { KeyConfig } from './key-schema.ts';

const KEY_ID = /^[A-Za-z0-9_.-]{1,64}$/;
/** Printable ASCII without spaces: what an Authorization header carries unchanged. */
const KEY = /^[\x21-\x7e]{16,512}$/;

/**
 * Reads `--api-key-file`: one `id:key` or bare `key` a line (then the id is `key-LINE`), `#` starts a comment line.
 * A key may be followed by a space and the word `admin`: it may call /admin.
 * Only hashes are kept. Throws `config_error` with one `file:line: what is wrong` a problem; it never quotes a key.
 */
export function loadKeys(path: string): KeyConfig[] {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (error) {
		throw configError(`${path}: the key file cannot be read`, error);
	}
	const keys: KeyConfig[] = [];
	const problems: string[] = [];
	for (const [index, line] of text.split(/\r?\n/).entries()) {
		const written = line.trim();
		if (written === '' || written.startsWith('#')) continue;
		const admin = /\sadmin$/.test(written);
		const entry = admin ? written.slice(0, -'admin'.length).trimEnd() : written;
		const place = `${path}:${index + 1}`;
		const colon = entry.indexOf(':');
		const id = colon < 0 ? `key-${index + 1}` : entry.slice(0, colon).trim();
		const key = entry.slice(colon + 1).trim();
		const sha256 = createHash('sha256').update(key).digest('hex');
		if (!KEY_ID.test(id)) problems.push(`${place}: a key id is 1..64 letters, digits, _ . -`);
		else if (!KEY.test(key)) problems.push(`${place}: a key is 16..512 printable ASCII characters without spaces`);
		else if (keys.some((other) => other.id === id)) problems.push(`${place}: the key id ${id} is used twice`);
		else if (keys.some((other) => other.sha256 === sha256)) problems.push(`${place}: this key is there twice`);
		else keys.push({ id, sha256, admin });
	}
	if (problems.length > 0) throw configError(problems.join('\n'));
	if (keys.length === 0) throw configError(`${path}: the key file holds no key (one id:key a line)`);
	return keys;
}
