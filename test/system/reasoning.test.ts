import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatCompletionChunkSchema, chatCompletionSchema } from '../../src/protocol/chat-response.ts';
import { type RetortServer, startRetort } from '../support/retort-server.ts';

let server: RetortServer;

beforeAll(async () => {
	// What else is in a batch, an idle slot's warm-up included, changes the last bits of the logits: with one slot there is
	// nothing else, and after the first request every prompt is read the same way.
	server = await startRetort(['--slots', '1', '--log-level', 'warn']);
	await whole({});
});

afterAll(() => server.stop());

const SUM = {
	type: 'object',
	properties: { sum: { type: 'integer', minimum: 0, maximum: 999 } },
	required: ['sum'],
	additionalProperties: false,
};

async function post(body: object): Promise<Response> {
	const response = await fetch(`${server.url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({
			model: 'pocket-reasoner',
			messages: [{ role: 'user', content: 'What is 17+25?' }],
			seed: 7,
			max_tokens: 400,
			...body,
		}),
	});
	expect(response.status).toBe(200);
	return response;
}

type Seen = Record<'content' | 'reasoning_content' | 'reasoning', string> & {
	finish: string | null;
	state: string | undefined;
	budget: number | null | undefined;
	thoughtTokens: number | undefined;
	completionTokens: number | undefined;
	reasoningTokens: number | undefined;
	votes: unknown;
};

async function whole(body: object): Promise<Seen> {
	const { choices, usage } = chatCompletionSchema.parse(await (await post(body)).json());
	const [choice] = choices;
	const { content, reasoning_content = '', reasoning = '', reasoning_status: status } = choice?.message ?? {};
	return {
		content: content ?? '',
		reasoning_content,
		reasoning,
		finish: choice?.finish_reason ?? null,
		state: status?.state,
		budget: status?.budget_tokens,
		thoughtTokens: status?.tokens,
		completionTokens: usage.completion_tokens,
		reasoningTokens: usage.completion_tokens_details.reasoning_tokens,
		votes: status?.votes,
	};
}

async function streamed(body: object): Promise<Seen> {
	const text = await (await post({ ...body, stream: true, stream_options: { include_usage: true } })).text();
	const frames = text.split('\n\n').filter((frame) => frame.startsWith('data: {'));
	const chunks = frames.map((frame) => chatCompletionChunkSchema.parse(JSON.parse(frame.slice('data: '.length))));
	const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
	const join = (field: 'content' | 'reasoning_content' | 'reasoning') =>
		deltas.map((delta) => delta[field] ?? '').join('');
	const status = chunks.find(({ reasoning_status }) => reasoning_status !== undefined)?.reasoning_status;
	const usage = chunks.at(-1)?.usage;
	expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
	return {
		content: join('content'),
		reasoning_content: join('reasoning_content'),
		reasoning: join('reasoning'),
		finish: chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).findLast(Boolean) ?? null,
		state: status?.state,
		budget: status?.budget_tokens,
		thoughtTokens: status?.tokens,
		completionTokens: usage?.completion_tokens,
		reasoningTokens: usage?.completion_tokens_details.reasoning_tokens,
		votes: status?.votes,
	};
}

describe('streamed and whole', () => {
	it.each<[string, object]>([
		['nothing', {}],
		['a field of another name', { reasoning_field: 'reasoning' }],
		['both fields', { reasoning_field: 'both' }],
		['tags', { reasoning_field: 'tags' }],
		['tags around a thought that is cut', { reasoning_field: 'tags', max_thinking_tokens: 8 }],
		['a hidden thought', { include_reasoning: false }],
		['no thought', { think: false }],
		['a budget', { reasoning: { max_tokens: 16 } }],
		['a budget of one', { thinking: { type: 'enabled', budget_tokens: 1 } }],
		['a small max_tokens', { max_tokens: 48 }],
		['the smallest max_tokens that has to give an answer', { max_tokens: 16 }],
		['an effort', { reasoning_effort: 'low', max_tokens: 200 }],
		['sampling of its own', { reasoning: { temperature: 1.2, top_p: 0.9 } }],
		['a stop string that the thought holds too', { stop: [' = 4'] }],
		['a schema', { response_format: { type: 'json_schema', json_schema: { name: 'sum', schema: SUM } } }],
	])('are the same text and the same counts with %s', async (_option, body) => {
		const seen = await whole(body);
		expect(await streamed(body)).toEqual(seen);
		expect(seen.content).not.toBe('');
	});
});

describe('a thought', () => {
	it('ends when the client says so, and the answer follows', async () => {
		const response = await post({ stream: true, reasoning: { temperature: 1 } });
		let text = '';
		let ended: unknown = null;
		for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
			text += piece;
			const id = /chatcmpl-[0-9a-f]+/.exec(text)?.[0];
			if (ended !== null || id === undefined || !text.includes('reasoning_content')) continue;
			const reply = await fetch(`${server.url}/v1/chat/completions/${id}/end-reasoning`, { method: 'POST' });
			// The shape of our own answer is the end-reasoning route's test.
			ended = ((await reply.json()) as { ended: boolean }).ended;
		}
		// Whether the call came in time is the machine's affair; what it answers has to be so.
		expect(text).toContain(`"state":"${ended === true ? 'ended' : 'complete'}"`);
		expect(text).toContain('"content":"');
	});

	it('ends by the clock', async () => {
		const seen = await whole({ max_thinking_ms: 1 });
		expect(seen).toMatchObject({ state: 'ended', finish: 'stop' });
		expect(seen.reasoning_content.endsWith('Time to answer.')).toBe(true);
		expect(seen.content).not.toBe('');
	});
});
