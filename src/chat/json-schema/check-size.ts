import { LIMITS } from './limits.ts';
import { unsupported } from './refuse.ts';
import { isObject } from './schema-object.ts';

/** Refuses a schema that is too large, or nested too deeply, before anything walks it. */
export function checkSize(schema: unknown, path: string): void {
	let properties = 0;
	let values = 0;
	const todo: { value: unknown; depth: number }[] = [{ value: schema, depth: 1 }];
	let nodes = 0;
	for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
		const { value, depth } = next;
		if (typeof value !== 'object' || value === null) continue;
		if (depth > LIMITS.depth) throw unsupported(path, `is nested more than ${LIMITS.depth} levels deep`);
		if (++nodes > LIMITS.bytes) throw unsupported(path, `is larger than ${LIMITS.bytes} bytes`);
		if (isObject(value)) {
			if (Array.isArray(value.enum)) values += value.enum.length;
			if (isObject(value.properties)) properties += Object.keys(value.properties).length;
		}
		for (const child of Object.values(value)) todo.push({ value: child, depth: depth + 1 });
	}
	if (properties > LIMITS.properties) throw unsupported(path, `declares more than ${LIMITS.properties} properties`);
	if (values > LIMITS.enumValues) throw unsupported(path, `lists more than ${LIMITS.enumValues} enum values`);
	if (Buffer.byteLength(JSON.stringify(schema)) > LIMITS.bytes) {
		throw unsupported(path, `is larger than ${LIMITS.bytes} bytes`);
	}
}
