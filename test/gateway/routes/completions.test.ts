import { expect, test } from 'vitest';
import { textCompletionSchema } from '../../../src/protocol/completion-response.ts';
import type { GenerateRequest, WorkerEvent } from '../../../src/protocol/worker-api.ts';
import type { FakeScript } from '../../support/fake-worker.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { delta, diesAfterAWord, START } from '../support/scripts.ts';
import { startGateway } from '../support/start-gateway.ts';

const PROMPT = { model: 'fake', prompt: '<｜User｜>2+2?<｜Assistant｜><think>\n' };

/** Continues with these words, and keeps what it was asked. */
function continues(words: string[], asked: GenerateRequest[] = []): FakeScript {
	return async (turn) => {
		asked.push(turn.request);
		const deltas = words.map((word, index): WorkerEvent => {
			const event = delta('answer', word, index);
			if (event.type !== 'delta') return event;
			const bytes = Buffer.from(word).toString('base64');
			const logprobs = turn.request.logprobs === null ? null : [{ id: index, bytes, logprob: -1, top: [] }];
			return { ...event, special: word === '</think>', logprobs };
		});
		await turn.send(START, ...deltas, {
			type: 'generation-end',
			finishReason: 'length',
			promptTokens: 10,
			cachedTokens: 4,
			completionTokens: words.length,
			reasoningTokens: 0,
			timings: { queueMs: 0, prefillMs: 1, decodeMs: 1 },
		});
		turn.end();
	};
}

const WORDS = ['Four', '. ', '</think>', 'It is ', '4.'];

test('a raw prompt is continued without a template, marks of the thought included', async () => {
	const asked: GenerateRequest[] = [];
	const { app } = await startGateway({ script: continues(WORDS, asked) });
	for (const url of ['/v1/completions', '/completions', '/v1/completions/']) {
		const response = await app.inject({ method: 'POST', url, payload: PROMPT });
		expect(response.statusCode).toBe(200);
		const body = textCompletionSchema.parse(response.json());
		expect(body.id).toMatch(/^cmpl-/);
		expect(body.choices).toEqual([
			{ text: 'Four. </think>It is 4.', index: 0, logprobs: null, finish_reason: 'length' },
		]);
		expect(body.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
		expect(body.usage?.completion_tokens_details.reasoning_tokens).toBe(3);
	}
	expect(asked[0]).toMatchObject({ prompt: [{ text: PROMPT.prompt, special: true }], maxTokens: 16, logprobs: null });
	expect(asked[0]?.phases.map(({ name }) => name)).toEqual(['answer']);
});

test('each prompt and each n is a choice of its own, the prompt counted once', async () => {
	const asked: GenerateRequest[] = [];
	const { app } = await startGateway({ script: continues(['a'], asked) });
	const payload = { model: 'fake', prompt: [[1, 2], [3]], n: 2, seed: 7, max_tokens: 1 };
	const body = (await app.inject({ method: 'POST', url: '/v1/completions', payload })).json();
	expect(body.choices.map((choice: { index: number }) => choice.index)).toEqual([0, 1, 2, 3]);
	expect(body.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 4 });
	expect(asked.map(({ prompt, phases }) => [prompt, phases[0]?.sampling.seed])).toEqual([
		[[{ tokens: [1, 2] }], 7],
		[[{ tokens: [1, 2] }], 8],
		[[{ tokens: [3] }], 7],
		[[{ tokens: [3] }], 8],
	]);
	expect(new Set(asked.map(({ requestId }) => requestId)).size).toBe(4);
});

test('the official client streams text, finish reason and usage', async () => {
	const gateway = await startGateway({ script: continues(WORDS) });
	const client = await gateway.client();
	const stream = await client.completions.create({
		...PROMPT,
		stream: true,
		echo: true,
		stream_options: { include_usage: true },
	});
	const seen = { text: '', finish: '', total: 0 };
	for await (const chunk of stream) {
		expect(textCompletionSchema.parse(chunk).object).toBe('text_completion');
		const [choice] = chunk.choices;
		seen.text += choice?.text ?? '';
		seen.finish = choice?.finish_reason ?? seen.finish;
		seen.total = chunk.usage?.total_tokens ?? seen.total;
	}
	expect(seen).toEqual({ text: `${PROMPT.prompt}Four. </think>It is 4.`, finish: 'length', total: 15 });
});

test('a stop string ends the text before it, and log-probabilities tell where each token stands', async () => {
	const { app } = await startGateway({ script: continues(['Grün', ' ist', ' die Far', 'be', ' nun']) });
	const payload = { ...PROMPT, stop: 'Farbe', logprobs: 0 };
	const body = (await app.inject({ method: 'POST', url: '/v1/completions', payload })).json();
	expect(body.choices[0]).toMatchObject({ text: 'Grün ist die ', finish_reason: 'stop' });
	expect(body.choices[0].logprobs).toEqual({
		tokens: ['Grün', ' ist', ' die '],
		token_logprobs: [-1, -1, -1],
		top_logprobs: [{}, {}, {}],
		text_offset: [0, 4, 8],
	});
	expect(body.usage.completion_tokens).toBe(4);
});

test.each([
	[{ suffix: 'x' }, 'suffix'],
	[{ best_of: 2 }, 'best_of'],
	[{ echo: true, logprobs: 1 }, 'echo'],
	[{ logprobs: 6 }, 'logprobs'],
	[{ max_tokens: 0 }, 'max_tokens'],
	[{ n: 9 }, 'n'],
	[{ prompt: [] }, 'prompt'],
	[{ prompt: null }, 'prompt'],
	[{ prompt: [[1, -1]] }, 'prompt[0][1]'],
	[{ prompt: 5 }, 'prompt'],
	[{ prompt: Array.from({ length: 64 }, () => 'x'), n: 8 }, 'n'],
	[{ stream_options: { include_usage: true } }, 'stream_options'],
])('%j is a 400 that no worker sees', async (fields, param) => {
	const { app, worker } = await startGateway();
	const response = await app.inject({ method: 'POST', url: '/v1/completions', payload: { ...PROMPT, ...fields } });
	expect(response.statusCode).toBe(400);
	expect(errorSchema.parse(response.json()).error.param).toBe(param);
	expect(worker.received).toEqual([]);
});

test.each(['messages', 'tokens'])(
	'what a worker refuses of the prompt as %s is told of as the prompt',
	async (param) => {
		const refused = { message: 'There is no token 9999.', type: 'invalid_request_error', param, code: 'invalid_value' };
		const { app } = await startGateway({
			script: ({ response }) => {
				response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: refused }));
			},
		});
		const payload = { ...PROMPT, prompt: [9999] };
		const response = await app.inject({ method: 'POST', url: '/v1/completions', payload });
		expect([response.statusCode, response.json()]).toEqual([400, { error: { ...refused, param: 'prompt' } }]);
	},
);

test('a prompt that is too long is told of as the prompt', async () => {
	const { app } = await startGateway({ script: (turn) => turn.fail(400, 'context_length_exceeded', 'too long') });
	const response = await app.inject({ method: 'POST', url: '/v1/completions', payload: PROMPT });
	expect([response.statusCode, response.json().error.param]).toEqual([400, 'prompt']);
});

test('a worker that dies is an error, whole and streamed', async () => {
	const { app } = await startGateway({ script: diesAfterAWord });
	const whole = await app.inject({ method: 'POST', url: '/v1/completions', payload: PROMPT });
	expect([whole.statusCode, whole.json().error.code]).toEqual([500, 'worker_crashed']);
	const streamed = await app.inject({ method: 'POST', url: '/v1/completions', payload: { ...PROMPT, stream: true } });
	expect(streamed.body).toContain('"code":"worker_crashed"');
	expect(streamed.body).not.toContain('[DONE]');
});
