import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { eventsOf } from '../support/scripts.ts';
import { bearer, CHAT, KEY, sha256, startGateway } from '../support/start-gateway.ts';

const SAMPLES = { ...CHAT, seed: 5, reasoning: { samples: 4 } };

/** The first sample answers 41, the others 42. */
const divided: NonNullable<Parameters<typeof startGateway>[0]>['script'] = async (turn) => {
	const seed = turn.request.phases[0]?.sampling.seed ?? 0;
	await turn.send(...eventsOf(`Seed ${seed}.`, seed === 5 ? 'It is 41.' : 'It is 42.'));
	turn.end();
};

test('the majority speaks with the thought of its first member, and all samples are counted', async () => {
	const { app, pool } = await startGateway({ script: divided });
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: SAMPLES });
	expect(response.statusCode).toBe(200);
	const { choices, usage } = response.json();
	expect(choices).toHaveLength(1);
	expect(choices[0].message).toMatchObject({
		content: 'It is 42.',
		reasoning_content: 'Seed 6.',
		reasoning_status: {
			votes: [
				{ answer: 'it is 42', count: 3 },
				{ answer: 'it is 41', count: 1 },
			],
		},
	});
	expect(usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 24, total_tokens: 34 });
	expect(usage.completion_tokens_details.reasoning_tokens).toBe(12);
	expect(pool.status().workers[0]?.busySlots).toBe(0);
	const { payload } = await app.inject('/metrics');
	expect(payload).toContain('retort_completion_tokens_total{model="fake"} 24\n');
});

test('streamed, the winner comes as deltas of one choice', async () => {
	const { app } = await startGateway({ script: divided });
	const payload = { ...SAMPLES, stream: true, stream_options: { include_usage: true } };
	const { body } = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload });
	const frames = body.split('\n\n').filter((frame) => frame.startsWith('data: {'));
	const chunks = frames.map((frame) => JSON.parse(frame.slice('data: '.length)));
	const deltas = chunks.flatMap(({ choices }) => choices);
	expect(new Set(deltas.map(({ index }) => index))).toEqual(new Set([0]));
	expect(deltas.map(({ delta }) => delta.content ?? '').join('')).toBe('It is 42.');
	expect(deltas.map(({ delta }) => delta.reasoning_content ?? '').join('')).toBe('Seed 6.');
	expect(chunks.find((chunk) => chunk.reasoning_status)?.reasoning_status.votes[0].count).toBe(3);
	expect(chunks.at(-1).usage.completion_tokens).toBe(24);
	expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('samples take one of the concurrent requests that a key has', async () => {
	const keys = [{ id: 'one', sha256: sha256(KEY), limits: { concurrentRequests: 1 } }];
	const { app } = await startGateway({ script: divided, config: { keys } });
	const options = { method: 'POST', url: '/v1/chat/completions', payload: SAMPLES, headers: bearer(KEY) } as const;
	expect((await app.inject(options)).statusCode).toBe(200);
	await until(() => app.running.size === 0);
	expect((await app.inject(options)).statusCode).toBe(200);
});

test.each([
	[{ reasoning: { samples: 1 } }, 'reasoning.samples'],
	[{ reasoning: { samples: 17 } }, 'reasoning.samples'],
	[{ reasoning: { samples: 2.5 } }, 'reasoning.samples'],
	[{ reasoning: { samples: 4 }, n: 2 }, 'reasoning.samples'],
])('%j is a 400', async (fields, param) => {
	const { app } = await startGateway();
	const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: { ...CHAT, ...fields } });
	expect(response.statusCode).toBe(400);
	expect(response.json().error.param).toBe(param);
});
