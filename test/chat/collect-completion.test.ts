import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatEvent } from '../../src/chat/chat-event.ts';
import { collectCompletion } from '../../src/chat/collect-completion.ts';
import { encodeChunks } from '../../src/chat/encode-chunks.ts';
import type { ReasoningField } from '../../src/protocol/chat-reasoning.ts';
import { chatCompletionSchema, type FinishReason, type ReasoningState } from '../../src/protocol/chat-response.ts';
import { meta } from './completion-meta.ts';
import { all, oneChoice, stream } from './worker-events.ts';

const think = (text: string): ChatEvent => ({ type: 'reasoning-delta', text, logprobs: null });
const say = (text: string): ChatEvent => ({ type: 'content-delta', text, logprobs: null });
const finish = (finishReason: FinishReason = 'stop', state: ReasoningState = 'complete'): ChatEvent => ({
	type: 'finish',
	finishReason,
	usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 9, reasoningTokens: 5 },
	reasoning: { state, tokens: 5, ms: 12.6, budgetTokens: null, emptyRetries: 0 },
});
const start: ChatEvent = { type: 'start', promptTokens: 10, cachedTokens: 4 };

async function collect(events: ChatEvent[], field: ReasoningField = 'reasoning_content') {
	const completion = await collectCompletion(oneChoice(stream(events)), { ...meta, field });
	return chatCompletionSchema.parse(completion);
}

async function messageOf(events: ChatEvent[], field?: ReasoningField) {
	return (await collect(events, field)).choices[0]?.message;
}

test('a thought and an answer', async () => {
	expect(JSON.stringify(await collect([start, think('h'), think('m'), say('4'), say('2'), finish()]))).toBe(
		'{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","system_fingerprint":"fp_1",' +
			'"choices":[{"index":0,"message":{"role":"assistant","content":"42","reasoning_content":"hm","refusal":null,' +
			'"reasoning_status":{"state":"complete","tokens":5,"ms":13,"budget_tokens":null}},"logprobs":null,' +
			'"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":9,"total_tokens":19,' +
			'"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},' +
			'"completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,"accepted_prediction_tokens":0,' +
			'"rejected_prediction_tokens":0},"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}}',
	);
});

describe('content is null where no answer was begun', () => {
	test('because the tokens ran out in the thought', async () => {
		expect(await messageOf([think('h'), finish('length', 'length')])).toMatchObject({
			content: null,
			reasoning_content: 'h',
			reasoning_status: { state: 'length' },
		});
	});

	test('because the model stopped in the thought', async () => {
		expect((await messageOf([think('h'), finish('stop', 'ended')]))?.content).toBeNull();
	});

	test('because it is a tool call', async () => {
		const message = await messageOf([
			{ type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' },
			{ type: 'tool-call-delta', index: 0, arguments: '{"a"' },
			{ type: 'tool-call-delta', index: 0, arguments: ':1}' },
			finish('tool_calls'),
		]);
		expect(message).toMatchObject({
			content: null,
			tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
		});
	});

	test('an answer that is empty is "", and without calls there is no list of them', async () => {
		const message = await messageOf([finish()]);
		expect(message?.content).toBe('');
		expect(message).not.toHaveProperty('tool_calls');
		expect(message).not.toHaveProperty('reasoning_content');
	});
});

test('log-probabilities of both sides', async () => {
	const entry = { id: 1, bytes: Buffer.from('x').toString('base64'), logprob: -1, top: [] };
	const events: ChatEvent[] = [
		{ type: 'reasoning-delta', text: 'x', logprobs: [entry] },
		{ type: 'content-delta', text: 'x', logprobs: [entry] },
		finish(),
	];
	const encoded = [{ token: 'x', logprob: -1, bytes: [120], top_logprobs: [] }];
	expect((await collect(events)).choices[0]?.logprobs).toEqual({
		content: encoded,
		refusal: null,
		reasoning_content: encoded,
	});
	expect((await collect(events, 'hidden')).choices[0]?.logprobs).toEqual({ content: encoded, refusal: null });
});

test('events that end without a finish are a failure, not an answer', async () => {
	await expect(collect([think('h')])).rejects.toMatchObject({ code: 'worker_crashed' });
});

test('streamed and whole give the same text, whatever the field', async () => {
	const fields: ReasoningField[] = ['reasoning_content', 'reasoning', 'both', 'tags', 'hidden'];
	const texts = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 4 });
	await fc.assert(
		fc.asyncProperty(fc.constantFrom(...fields), texts, texts, async (field, thought, answer) => {
			const events = [start, ...thought.map(think), ...answer.map(say), finish()];
			const streamed = { content: '', reasoning_content: '', reasoning: '' };
			for (const chunk of await all(encodeChunks(oneChoice(stream(events)), { ...meta, field }))) {
				const delta = chunk.choices[0]?.delta;
				streamed.content += delta?.content ?? '';
				streamed.reasoning_content += delta?.reasoning_content ?? '';
				streamed.reasoning += delta?.reasoning ?? '';
			}
			const message = await messageOf(events, field);
			expect({
				content: message?.content ?? '',
				reasoning_content: message?.reasoning_content ?? '',
				reasoning: message?.reasoning ?? '',
			}).toEqual(streamed);
		}),
		{ numRuns: 200 },
	);
});
