import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { expect, it, onTestFinished } from 'vitest';
import { startRetort } from '../support/retort-server.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it("another key's prompt is never found in the cache, one's own and that of one's group are", async () => {
	const folder = mkdtempSync(join(tmpdir(), 'retort-scopes-'));
	const config = join(folder, 'retort.json');
	const keys = Object.entries({ ann: 'sales', bob: 'sales', eve: undefined }).map(([id, group]) => ({
		...{ id, sha256: sha256(id) },
		...(group === undefined ? {} : { group }),
	}));
	writeFileSync(config, JSON.stringify({ keys, cache: { scope: 'group' } }));
	const server = await startRetort(['--config', config, '--slots', '4']);
	onTestFinished(async () => {
		await server.stop();
		rmSync(folder, { recursive: true });
	});
	const secret = Array.from({ length: 60 }, (_, at) => `Clause ${at}: nobody is told.`).join(' ');
	const cachedTokens = async (apiKey: string) => {
		const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey });
		const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: secret }];
		const { usage } = await client.chat.completions.create({ model: 'pocket-reasoner', max_tokens: 4, messages });
		return usage?.prompt_tokens_details?.cached_tokens ?? Number.NaN;
	};
	expect(await cachedTokens('ann')).toBe(0);
	expect(await cachedTokens('eve')).toBe(0);
	expect(await cachedTokens('ann')).toBeGreaterThan(200);
	expect(await cachedTokens('bob')).toBeGreaterThan(200);
	expect(await cachedTokens('eve')).toBeGreaterThan(200); // from what it asked itself
});
