import type { z } from 'zod';
import { type SchemaNode, schemaAt } from './config-json-schema.ts';
import { describeExpectation } from './describe-expectation.ts';
import { nearestName } from './nearest-name.ts';

/** One thing wrong with a configuration file. `path` ends in the key that is wrong. */
export type ConfigProblem = { path: PropertyKey[]; message: string };

/** What zod found, in words that say what would be right. */
export function describeIssue(issue: z.core.$ZodIssue, schema: SchemaNode, input: unknown): ConfigProblem[] {
	if (issue.code === 'unrecognized_keys') {
		return issue.keys.map((key) => ({
			path: [...issue.path, key],
			message: describeUnknownKey(key, issue.path, schema),
		}));
	}
	const value = valueAt(input, issue.path);
	const name = formatPath(issue.path);
	if (value === undefined) return [{ path: issue.path, message: `${name} is missing` }];
	const node = schemaAt(schema, issue.path);
	// The message of a pattern is ours (schema.ts) and says more than the pattern.
	const expectation = issue.code !== 'invalid_format' && node ? describeExpectation(node) : issue.message;
	return [{ path: issue.path, message: `${name} has to be ${expectation}; here it is ${shorten(value)}` }];
}

function describeUnknownKey(key: string, parent: readonly PropertyKey[], schema: SchemaNode): string {
	const here = Object.keys(schemaAt(schema, parent)?.properties ?? {});
	const where = parent.length === 0 ? 'at the top level' : `in ${formatPath(parent)}`;
	const near = nearestName(key, here);
	if (near !== null) return `there is no key ${key} ${where}; did you mean ${near}?`;
	const elsewhere = findKey(schema, key, []);
	if (elsewhere !== null) return `there is no key ${key} ${where}; did you mean ${elsewhere}?`;
	return `there is no key ${key} ${where}; the keys there are ${here.join(', ')}`;
}

/** Where in the file a key of that very name belongs. */
function findKey(node: SchemaNode, key: string, path: string[]): string | null {
	for (const [name, child] of Object.entries(node.properties ?? {})) {
		if (name === key) return [...path, name].join('.');
		const deeper = findKey(child, key, [...path, name]);
		if (deeper !== null) return deeper;
	}
	const extra = node.additionalProperties;
	return typeof extra === 'object' ? findKey(extra, key, [...path, '<name>']) : null;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
	let value = input;
	for (const step of path) {
		if (typeof value !== 'object' || value === null) return undefined;
		value = Reflect.get(value, step);
	}
	return value;
}

/** `models.deepseek.slots`, `keys[0].id`. */
function formatPath(path: readonly PropertyKey[]): string {
	let text = '';
	for (const step of path) {
		if (typeof step === 'number') text += `[${step}]`;
		else text += text === '' ? String(step) : `.${String(step)}`;
	}
	return text === '' ? 'the configuration' : text;
}

function shorten(value: unknown): string {
	const text = JSON.stringify(value) ?? String(value);
	return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
