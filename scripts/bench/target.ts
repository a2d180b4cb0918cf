import { Pool } from 'undici';
import { z } from 'zod';
import { configError } from '../../src/errors.ts';

/** An OpenAI-compatible endpoint under load. */
export type Target = {
	label: string;
	origin: string;
	/** Path in front of /chat/completions. */
	basePath: string;
	model: string;
	headers: Record<string, string>;
	pool: Pool;
};

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });

/** Takes http://host:port or .../v1; asks the endpoint for its first model when none is named. */
export async function openTarget(
	label: string,
	address: string,
	options: { model: string | null; connections: number; apiKey: string | null },
): Promise<Target> {
	if (!URL.canParse(address)) throw configError(`not a URL: ${address}`);
	const url = new URL(address);
	const path = url.pathname.replace(/\/+$/, '');
	const basePath = path === '' ? '/v1' : path;
	// Own deadlines: a stream may be silent for as long as the server under test needs.
	const pool = new Pool(url.origin, {
		connections: options.connections,
		pipelining: 1,
		headersTimeout: 0,
		bodyTimeout: 0,
	});
	const headers: Record<string, string> = { 'content-type': 'application/json' };
	if (options.apiKey !== null) headers.authorization = `Bearer ${options.apiKey}`;
	const target = { label, origin: url.origin, basePath, headers, pool };
	if (options.model !== null) return { ...target, model: options.model };
	const { statusCode, body } = await pool.request({ method: 'GET', path: `${basePath}/models`, headers });
	const list = modelListSchema.safeParse(statusCode === 200 ? await body.json() : await body.text());
	if (!list.success) throw configError(`${address} lists no model (status ${statusCode}); name one with --model`);
	return { ...target, model: list.data.data[0]?.id ?? '' };
}
