import { describe, expect, test } from 'vitest';
import type { ChatEvent } from '../../src/chat/chat-event.ts';
import { type CompletionMeta, encodeChunks } from '../../src/chat/encode-chunks.ts';
import type { ReasoningField } from '../../src/protocol/chat-reasoning.ts';
import { chatCompletionChunkSchema } from '../../src/protocol/chat-response.ts';
import { meta } from './completion-meta.ts';
import { all, oneChoice, stream } from './worker-events.ts';

const finish: ChatEvent = {
	type: 'finish',
	finishReason: 'stop',
	usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 9, reasoningTokens: 5 },
	reasoning: { state: 'complete', tokens: 5, ms: 12.6, budgetTokens: 100, emptyRetries: 0 },
};
const answer: ChatEvent[] = [
	{ type: 'start', promptTokens: 10, cachedTokens: 4 },
	{ type: 'progress', evaluatedTokens: 5, totalTokens: 10 },
	{ type: 'reasoning-delta', text: 'h', logprobs: null },
	{ type: 'reasoning-delta', text: 'm', logprobs: null },
	{ type: 'content-delta', text: '42', logprobs: null },
	finish,
];

async function chunksOf(events: ChatEvent[], overrides: Partial<CompletionMeta> = {}) {
	const chunks = await all(encodeChunks(oneChoice(stream(events)), { ...meta, ...overrides }));
	for (const chunk of chunks) chatCompletionChunkSchema.parse(chunk);
	return chunks;
}

async function deltasOf(events: ChatEvent[], field: ReasoningField) {
	return (await chunksOf(events, { field })).map((chunk) => chunk.choices[0]?.delta);
}

describe('the bytes of a stream', () => {
	const head =
		'{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","system_fingerprint":"fp_1"';
	const choice = (delta: string, finishReason = 'null') =>
		`"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finishReason}}]`;
	const status = '"reasoning_status":{"state":"complete","tokens":5,"ms":13,"budget_tokens":100}';

	test('role, thought, answer, finish reason', async () => {
		expect((await chunksOf(answer)).map((chunk) => JSON.stringify(chunk))).toEqual([
			`${head},${choice('{"role":"assistant","content":""}')}}`,
			`${head},${choice('{"reasoning_content":"h"}')}}`,
			`${head},${choice('{"reasoning_content":"m"}')}}`,
			`${head},${choice('{"content":"42"}')}}`,
			`${head},${choice('{}', '"stop"')},${status}}`,
		]);
	});

	test('with include_usage: null in every chunk but the last, which has no choices', async () => {
		const lines = (await chunksOf(answer, { includeUsage: true })).map((chunk) => JSON.stringify(chunk));
		expect(lines.slice(3)).toEqual([
			`${head},${choice('{"content":"42"}')},"usage":null}`,
			`${head},${choice('{}', '"stop"')},"usage":null,${status}}`,
			`${head},"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":9,"total_tokens":19,` +
				'"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},' +
				'"completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,"accepted_prediction_tokens":0,' +
				'"rejected_prediction_tokens":0},"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}}',
		]);
		for (const line of lines.slice(0, -1)) expect(line).toContain('"usage":null');
	});

	test('without include_usage no chunk has usage or lacks a choice', async () => {
		for (const chunk of await chunksOf(answer)) {
			expect(chunk).not.toHaveProperty('usage');
			expect(chunk.choices).toHaveLength(1);
		}
	});
});

describe('where the thought goes', () => {
	const role = { role: 'assistant', content: '' };

	test('reasoning', async () => {
		expect(await deltasOf(answer, 'reasoning')).toEqual([
			role,
			{ reasoning: 'h' },
			{ reasoning: 'm' },
			{ content: '42' },
			{},
		]);
	});

	test('both', async () => {
		const h = { reasoning_content: 'h', reasoning: 'h' };
		const m = { reasoning_content: 'm', reasoning: 'm' };
		expect(await deltasOf(answer, 'both')).toEqual([role, h, m, { content: '42' }, {}]);
	});

	test('hidden', async () => {
		expect(await deltasOf(answer, 'hidden')).toEqual([role, { content: '42' }, {}]);
	});

	test('tags', async () => {
		expect(await deltasOf(answer, 'tags')).toEqual([
			role,
			{ content: '<think>\nh' },
			{ content: 'm' },
			{ content: '\n</think>\n\n42' },
			{},
		]);
	});

	test('tags around a thought that was cut are closed all the same', async () => {
		const cut: ChatEvent[] = [...answer.slice(0, 4), finish];
		expect((await deltasOf(cut, 'tags')).slice(-2)).toEqual([{ content: '\n</think>\n\n' }, {}]);
	});

	test('without a thought there are no tags', async () => {
		const quick: ChatEvent[] = [{ type: 'content-delta', text: '42', logprobs: null }, finish];
		expect(await deltasOf(quick, 'tags')).toEqual([{ content: '42' }, {}]);
	});
});

test('tool calls: id and name first, then arguments, each with its index', async () => {
	const calls: ChatEvent[] = [
		{ type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' },
		{ type: 'tool-call-delta', index: 0, arguments: '{"a"' },
		{ type: 'tool-call-delta', index: 0, arguments: ':1}' },
		{ ...finish, finishReason: 'tool_calls' },
	];
	const chunks = await chunksOf(calls);
	expect(chunks.map((chunk) => chunk.choices[0]?.delta)).toEqual([
		{ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }] },
		{ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] },
		{ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
		{},
	]);
	expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
});

test('log-probabilities stand on the side that they are of', async () => {
	const bytes = Buffer.from('é').toString('base64');
	const entry = { id: 1, bytes, logprob: -1, top: [{ id: 2, bytes: 'wwA=', logprob: Number.NEGATIVE_INFINITY }] };
	const [thought, content] = await chunksOf([
		{ type: 'reasoning-delta', text: 'é', logprobs: [entry] },
		{ type: 'content-delta', text: 'é', logprobs: [entry] },
		finish,
	]);
	const encoded = [
		{
			token: 'é',
			logprob: -1,
			bytes: [0xc3, 0xa9],
			top_logprobs: [{ token: '\ufffd\0', logprob: -9999, bytes: [0xc3, 0] }],
		},
	];
	expect(thought?.choices[0]?.logprobs).toEqual({ content: null, refusal: null, reasoning_content: encoded });
	expect(content?.choices[0]?.logprobs).toEqual({ content: encoded, refusal: null });
});

test('choices are told apart, and their usage is one: the prompt counts once', async () => {
	const chunks = await all(
		encodeChunks(
			stream(
				answer.flatMap((event) => [
					{ index: 0, event },
					{ index: 1, event },
				]),
			),
			{ ...meta, includeUsage: true },
		),
	);
	const indexes = chunks.map((chunk) => chunk.choices[0]?.index);
	expect(indexes).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, undefined]);
	expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop', 'stop']);
	expect(chunks.at(-1)?.usage).toMatchObject({
		prompt_tokens: 10,
		completion_tokens: 18,
		total_tokens: 28,
		prompt_tokens_details: { cached_tokens: 4 },
		completion_tokens_details: { reasoning_tokens: 10 },
	});
});
