import type { Located } from './facts.ts';
import { childPath, malformed, unsupported } from './refuse.ts';
import { isObject } from './schema-object.ts';

/** Where a `$ref` leads to inside its own document. Nothing is ever fetched. */
export function resolveReference(root: Located, reference: unknown, path: string): Located {
	if (typeof reference !== 'string') throw malformed(path, 'has to be a string');
	if (reference !== '#' && !reference.startsWith('#/')) throw unsupported(path, 'leads out of this schema');
	let found: Located = root;
	for (const token of reference.split('/').slice(1)) {
		const key = decode(token, path);
		const { schema } = found;
		const isThere = (isObject(schema) || Array.isArray(schema)) && Object.hasOwn(schema, key);
		if (!isThere) throw malformed(path, 'leads nowhere');
		const next: unknown = Reflect.get(schema, key);
		found = { schema: next, path: childPath(found.path, Array.isArray(schema) ? Number(key) : key) };
	}
	return found;
}

function decode(token: string, path: string): string {
	try {
		return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
	} catch {
		throw malformed(path, 'is no JSON pointer');
	}
}
