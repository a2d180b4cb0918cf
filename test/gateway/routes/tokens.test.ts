import { expect, test } from 'vitest';
import { errorSchema } from '../support/error-envelope.ts';
import { CHAT, startGateway } from '../support/start-gateway.ts';

// The fake worker's tokenizer makes three tokens of everything, and shows what it was asked to detokenise.

test('a text is tokenised and tokens are detokenised, with and without /v1, model named or not', async () => {
	const { app } = await startGateway();
	const post = async (url: string, payload: object) => (await app.inject({ method: 'POST', url, payload })).json();
	for (const prefix of ['', '/v1']) {
		expect(await post(`${prefix}/tokenize`, { content: 'Hi' })).toEqual({ tokens: [1, 2, 3] });
		expect(await post(`${prefix}/tokenize/`, { content: 'Hi', model: 'fake', with_pieces: true })).toEqual({
			tokens: [1, 2, 3].map((id) => ({ id, piece: JSON.stringify({ tokens: [id] }) })),
		});
		expect(await post(`${prefix}/detokenize`, { tokens: [5, 6] })).toEqual({ content: '{"tokens":[5,6]}' });
	}
});

test('a conversation is shown as the prompt that it would be, and counted', async () => {
	const { app, worker } = await startGateway();
	const { messages } = CHAT;
	const applied = await app.inject({ method: 'POST', url: '/apply-template', payload: { messages } });
	expect(applied.json()).toEqual({
		prompt: '<｜begin▁of▁sentence｜><｜User｜>What is 17+25?<｜Assistant｜><think>\n',
	});
	const counted = await app.inject({ method: 'POST', url: '/v1/chat/completions/input_tokens', payload: CHAT });
	expect(counted.json()).toEqual({ object: 'response.input_tokens', input_tokens: 3 });
	expect(worker.received).toEqual([]);
});

test.each([
	['/tokenize', {}, 'content'],
	['/tokenize', { content: 5 }, 'content'],
	['/tokenize', { content: 'x'.repeat(1_000_001) }, 'content'],
	['/detokenize', { tokens: ['a'] }, 'tokens[0]'],
	['/detokenize', { tokens: [-1] }, 'tokens[0]'],
	['/apply-template', {}, 'messages'],
	['/apply-template', [], null],
	['/v1/chat/completions/input_tokens', { model: 'fake', messages: [] }, 'messages'],
])('%s with a body of another shape is a 400', async (url, payload, param) => {
	const { app } = await startGateway();
	const response = await app.inject({ method: 'POST', url, payload });
	expect(response.statusCode).toBe(400);
	expect(errorSchema.parse(response.json()).error.param).toBe(param);
});

test('an unknown model is a 404', async () => {
	const { app } = await startGateway();
	for (const [url, payload] of [
		['/tokenize', { content: 'Hi' }],
		['/detokenize', { tokens: [] }],
		['/apply-template', CHAT],
	] as const) {
		const response = await app.inject({ method: 'POST', url, payload: { ...payload, model: 'other' } });
		expect([response.statusCode, response.json().error.code]).toEqual([404, 'model_not_found']);
	}
});
