import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { configError, operationFailed } from '../errors.ts';
import { type PoolReport, poolReportSchema, type WorkerReport, workerReportSchema } from '../protocol/admin-api.ts';
import type { ServerFlags } from './operate-flags.ts';

const ANSWER_MS = 10_000;
const failureSchema = z.object({ error: z.object({ message: z.string() }) });

export type AdminClient = {
	pool(): Promise<PoolReport>;
	operate(verb: 'drain' | 'undrain' | 'restart', worker: string): Promise<WorkerReport>;
};

/** Speaks to a running server's /admin. Throws `operation_failed` with the server's own words. */
export function adminClient({ url, keyFile }: ServerFlags): AdminClient {
	if (!URL.canParse(url)) throw configError(`--url ${url} is no URL; it looks like http://127.0.0.1:8080`);
	const key = keyFile === undefined ? process.env.RETORT_ADMIN_KEY : readKey(keyFile);
	async function call<Schema extends z.ZodType>(
		path: string,
		schema: Schema,
		body?: unknown,
	): Promise<z.infer<Schema>> {
		const response = await fetch(new URL(path, url), {
			method: body === undefined ? 'GET' : 'POST',
			headers: {
				...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			signal: AbortSignal.timeout(ANSWER_MS),
		}).catch((error: unknown) => {
			throw operationFailed(`no retort answers at ${url}`, error);
		});
		const answer: unknown = await response.json().catch(() => null);
		if (!response.ok) {
			const failure = failureSchema.safeParse(answer);
			throw operationFailed(failure.success ? failure.data.error.message : `${url} answered ${response.status}`);
		}
		const parsed = schema.safeParse(answer);
		if (!parsed.success) throw operationFailed(`what answers at ${url} is no retort of this version`, parsed.error);
		return parsed.data;
	}
	return {
		pool: () => call('/admin/pool', poolReportSchema),
		operate: (verb, worker) => call(`/admin/${verb}`, workerReportSchema, { worker }),
	};
}

/** The first line; of a key file's `id:key admin` the key alone. */
function readKey(path: string): string {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (error) {
		throw configError(`${path}: the key file cannot be read`, error);
	}
	const line = text.split(/\r?\n/).find((entry) => entry.trim() !== '' && !entry.startsWith('#')) ?? '';
	const key = line.trim().split(/\s/)[0] ?? '';
	return key.slice(key.indexOf(':') + 1);
}
