import { readFileSync } from 'node:fs';
import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { configError } from '../errors.ts';
import { checkReferences } from './check-references.ts';
import { configJsonSchema, type SchemaNode } from './config-json-schema.ts';
import { type ConfigProblem, describeIssue } from './describe-issue.ts';
import { type Config, configSchema } from './schema.ts';

/** The configuration that a machine without a file runs with. */
export function defaultConfig(): Config {
	return configSchema.parse({});
}

/** Reads a YAML file. Throws `config_error` with one `file:line:column: what is wrong` a problem, all at once. */
export function loadConfig(path: string): Config {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (error) {
		throw configError(`${path}: cannot be read (${describeReadFailure(error)})`, error);
	}
	return parseConfig(text, path);
}

/** As loadConfig, of text; `path` is only named in errors. */
export function parseConfig(text: string, path: string): Config {
	const lines = new LineCounter();
	const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
	const at = (offset: number): string => {
		const { line, col } = lines.linePos(offset);
		return `${path}:${line}:${col}`;
	};
	if (document.errors.length > 0)
		throw configError(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`).join('\n'));

	const schema = configJsonSchema();
	const input = dropEmptySections(document.toJS() ?? {}, schema);
	const parsed = configSchema.safeParse(input);
	const problems = parsed.success
		? checkReferences(parsed.data)
		: parsed.error.issues.flatMap((issue) => describeIssue(issue, schema, input));
	if (parsed.success && problems.length === 0) return parsed.data;
	const located = problems.map((problem) => ({ ...problem, offset: offsetOf(document, problem) }));
	located.sort((one, other) => one.offset - other.offset);
	throw configError(located.map(({ offset, message }) => `${at(offset)}: ${message}`).join('\n'));
}

/** Where the offending key starts, or the nearest thing around it that the file has. */
function offsetOf(document: Document, { path }: ConfigProblem): number {
	let node: unknown = document.contents;
	let offset = 0;
	for (const step of path) {
		if (!isCollection(node)) break;
		if (isMap(node)) {
			const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
			if (!pair) break;
			offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
			node = pair.value;
		} else {
			node = node.get(step, true);
			if (isNode(node)) offset = node.range?.[0] ?? offset;
		}
	}
	return offset;
}

/** `server:` with every key below it commented out is YAML's null, and means the defaults. */
function dropEmptySections(value: unknown, node: SchemaNode): unknown {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
	const kept: Record<string, unknown> = {};
	for (const [key, child] of Object.entries(value)) {
		const childNode = node.properties?.[key];
		const isSection = childNode?.type === 'object' || childNode?.type === 'array';
		if (child === null && isSection) continue;
		kept[key] = childNode ? dropEmptySections(child, childNode) : child;
	}
	return kept;
}

function describeReadFailure(error: unknown): string {
	const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
	switch (code) {
		case 'ENOENT':
			return 'no such file';
		case 'EACCES':
			return 'permission denied';
		case 'EISDIR':
			return 'it is a folder';
		default:
			return String(code ?? 'unknown error');
	}
}
