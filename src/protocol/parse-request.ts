import type { z } from 'zod';
import { type InvalidRequestCode, invalidRequest, type RetortError } from '../errors.ts';

/** Deeper than any real schema or message, far from where recursion over parsed JSON overflows the stack. */
const MAX_JSON_DEPTH = 64;

/** What zod reports, as far as it is read here. */
type Issue = {
	code?: string | undefined;
	path: PropertyKey[];
	message: string;
	errors?: Issue[][];
	params?: Record<string, unknown> | undefined;
};

/** The body as the schema's output, or RetortError 400 with the dotted path of the first field that is wrong. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
	if (typeof body !== 'object' || body === null || Array.isArray(body)) {
		throw invalidRequest(null, 'invalid_type', 'The request body must be a JSON object.');
	}
	if (isDeeperThan(body, MAX_JSON_DEPTH)) {
		throw invalidRequest(null, 'invalid_value', `The request body is nested more than ${MAX_JSON_DEPTH} levels deep.`);
	}
	const result = schema.safeParse(body);
	if (result.success) return result.data;
	// zod's issue type is a wide union; Issue names the keys that are read here.
	throw toError(innermost(result.error.issues[0] as unknown as Issue, body), body);
}

/** Walks with a list of its own: a body nested a hundred thousand deep must not overflow the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
	let level: unknown[] = [value];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > limit) return true;
		const next: unknown[] = [];
		for (const item of level) {
			if (typeof item !== 'object' || item === null) continue;
			for (const child of Object.values(item)) if (typeof child === 'object' && child !== null) next.push(child);
		}
		level = next;
	}
	return false;
}

/** Of a union's branches, the one that got furthest is the one that was meant. */
function innermost(issue: Issue, body: unknown): Issue {
	if (issue.code !== 'invalid_union') return issue;
	const firsts = (issue.errors ?? []).flatMap((branch) => branch.slice(0, 1));
	if (firsts.length === 0) return issue;
	const deepest = firsts.reduce((best, other) => (other.path.length > best.path.length ? other : best));
	const isWrongType = deepest.path.length === 0 && firsts.every((first) => first.code === 'invalid_type');
	if (isWrongType) return { ...issue, code: 'invalid_type' };
	return innermost({ ...deepest, path: [...issue.path, ...deepest.path] }, body);
}

function toError(issue: Issue, body: unknown): RetortError {
	const param = toParam(issue.path);
	const value = valueAt(body, issue.path);
	const name = param ?? 'body';
	const code = toCode(issue, value);
	if (issue.params?.code !== undefined) return invalidRequest(param, code, issue.message);
	if (code === 'missing_required_parameter') {
		return invalidRequest(param, code, `Missing required parameter: '${name}'.`);
	}
	const what = code === 'invalid_type' ? 'Invalid type for' : 'Invalid value for';
	return invalidRequest(param, code, `${what} '${name}': ${issue.message}`);
}

function toCode(issue: Issue, value: unknown): InvalidRequestCode {
	const own = issue.params?.code;
	if (own === 'missing_required_parameter' || own === 'unsupported_parameter' || own === 'unsupported_value')
		return own;
	if (value === undefined || value === null) return 'missing_required_parameter';
	return issue.code === 'invalid_type' ? 'invalid_type' : 'invalid_value';
}

function toParam(path: PropertyKey[]): string | null {
	let param = '';
	for (const key of path) {
		if (typeof key === 'number') param += `[${key}]`;
		else param += param === '' ? String(key) : `.${String(key)}`;
	}
	return param === '' ? null : param.slice(0, 256);
}

function valueAt(body: unknown, path: PropertyKey[]): unknown {
	let value = body;
	for (const key of path) {
		if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
		value = (value as Record<PropertyKey, unknown>)[key]; // an own key, checked above
	}
	return value;
}
