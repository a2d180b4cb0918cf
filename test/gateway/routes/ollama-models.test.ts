import { Ollama } from 'ollama';
import { expect, test } from 'vitest';
import { ollamaPsSchema, ollamaShowSchema, ollamaTagsSchema } from '../../../src/protocol/ollama-response.ts';
import { bearer, KEY, sha256, startGateway } from '../support/start-gateway.ts';

test("Ollama's own client finds version, models and what they can do", async () => {
	const { listen } = await startGateway();
	const client = new Ollama({ host: await listen() });
	expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+$/);

	const { models } = await client.list();
	expect(ollamaTagsSchema.parse({ models }).models).toMatchObject([
		{ name: 'fake:latest', model: 'fake:latest', details: { format: 'gguf' } },
	]);
	expect(ollamaPsSchema.parse(await client.ps()).models).toMatchObject([{ name: 'fake:latest', context_length: 1000 }]);

	const [listed] = models;
	const shown = ollamaShowSchema.parse(await client.show({ model: listed?.name ?? '' }));
	expect(shown.capabilities).toEqual(['completion', 'tools', 'thinking']);
	const architecture = shown.model_info['general.architecture'];
	expect(shown.model_info[`${architecture}.context_length`]).toBe(1000);
	expect(shown.template).toContain('add_generation_prompt');
});

test('a model goes by its name, its name with the tag, and its aliases', async () => {
	const { app } = await startGateway();
	const show = async (payload: object) => (await app.inject({ method: 'POST', url: '/api/show', payload })).statusCode;
	for (const name of ['fake', 'fake:latest', 'user/repo:Q4_K_M']) expect(await show({ model: name })).toBe(200);
	expect(await show({ name: 'fake' })).toBe(200);
	expect(await show({ model: 'fake:7b' })).toBe(404);
	expect(await show({})).toBe(400);
});

test('a key sees the models that it may use', async () => {
	const { app } = await startGateway({ config: { keys: [{ id: 'one', sha256: sha256(KEY), models: ['other'] }] } });
	for (const url of ['/api/tags', '/api/ps']) {
		expect((await app.inject({ url, headers: bearer(KEY) })).json()).toEqual({ models: [] });
	}
	const show = { method: 'POST' as const, url: '/api/show', headers: bearer(KEY), payload: { model: 'fake' } };
	expect((await app.inject(show)).statusCode).toBe(403);
});

test('clients that ask the root whether somebody is there are answered', async () => {
	const { app } = await startGateway();
	expect((await app.inject({ method: 'HEAD', url: '/' })).statusCode).toBe(200);
	expect((await app.inject({ method: 'GET', url: '/' })).body).toBe('retort is running\n');
});
