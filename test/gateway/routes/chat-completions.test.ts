import { expect, test } from 'vitest';
import { CHAT, startGateway } from '../support/start-gateway.ts';

test('a whole answer has thought, content and exact usage', async () => {
	const { app } = await startGateway();
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT });
	expect(response.statusCode).toBe(200);
	expect(response.headers['content-type']).toMatch(/^application\/json/);
	expect(response.json()).toMatchObject({
		object: 'chat.completion',
		model: 'fake',
		choices: [
			{
				index: 0,
				finish_reason: 'stop',
				message: { role: 'assistant', reasoning_content: 'Add them.', content: 'It is 42.' },
			},
		],
		usage: {
			prompt_tokens: 10,
			completion_tokens: 6,
			total_tokens: 16,
			prompt_tokens_details: { cached_tokens: 4 },
			completion_tokens_details: { reasoning_tokens: 3 },
		},
	});
});

test('the official client streams the thought, then the answer', async () => {
	const gateway = await startGateway();
	const client = await gateway.client();
	const stream = await client.chat.completions.create({
		...CHAT,
		stream: true,
		stream_options: { include_usage: true },
	});
	const seen = { thought: '', content: '', finish: '', reasoningTokens: 0 };
	for await (const chunk of stream) {
		const [choice] = chunk.choices;
		const delta: { reasoning_content?: string; content?: string | null } = choice?.delta ?? {};
		seen.thought += delta.reasoning_content ?? '';
		seen.content += delta.content ?? '';
		seen.finish = choice?.finish_reason ?? seen.finish;
		seen.reasoningTokens = chunk.usage?.completion_tokens_details?.reasoning_tokens ?? seen.reasoningTokens;
	}
	expect(seen).toEqual({ thought: 'Add them.', content: 'It is 42.', finish: 'stop', reasoningTokens: 3 });
});
