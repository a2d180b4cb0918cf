import { expect, test } from 'vitest';
import { chatCompletionChunkSchema, chatCompletionSchema } from '../../../src/protocol/chat-response.ts';
import { thinkThenSay } from '../support/scripts.ts';
import { CHAT, startGateway } from '../support/start-gateway.ts';

const script = thinkThenSay('Add them.', 'It is 42.');

test('n choices, each with an id and a seed of its own, billed with one prompt', async () => {
	const seeds: unknown[] = [];
	const { app, worker } = await startGateway({
		slots: 2,
		script: async (turn) => {
			seeds.push(turn.request.phases[0]?.sampling.seed);
			await script(turn);
		},
	});
	const payload = { ...CHAT, n: 3, seed: 7 };
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload });
	const completion = chatCompletionSchema.parse(response.json());
	expect(completion.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
	for (const { message } of completion.choices) expect(message.content).toBe('It is 42.');
	expect(completion.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 18, total_tokens: 28 });
	expect([...seeds].sort()).toEqual([7, 8, 9]);
	expect(new Set(worker.received).size).toBe(3);
});

test('streamed: one role and one finish a choice, the same texts, usage last', async () => {
	const { app } = await startGateway({ script });
	const payload = { ...CHAT, n: 2, stream: true, stream_options: { include_usage: true } };
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload });
	const frames = response.payload.split('\n\n').filter((frame) => frame.startsWith('data: {'));
	const chunks = frames.map((frame) => chatCompletionChunkSchema.parse(JSON.parse(frame.slice('data: '.length))));
	for (const index of [0, 1]) {
		const own = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
		expect(own.filter(({ delta }) => delta.role !== undefined)).toHaveLength(1);
		expect(own.flatMap(({ finish_reason }) => finish_reason ?? [])).toEqual(['stop']);
		expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe('It is 42.');
	}
	expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 12 } });
	expect(response.payload.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('when one choice fails the request fails, and nothing is left running', async () => {
	let begun = 0;
	const { app, worker } = await startGateway({
		script: async (turn) => {
			if (begun++ > 0) return turn.reset();
			await script(turn);
		},
	});
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: { ...CHAT, n: 2 } });
	expect(response.statusCode).toBeGreaterThanOrEqual(500);
	await expect.poll(() => worker.running()).toBe(0);
	expect(app.running.size).toBe(0);
});
