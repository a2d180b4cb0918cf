import { describe, expect, test } from 'vitest';
import { createResponseEncoder, type ResponseMeta } from '../../../src/chat/apis/encode-response-events.ts';
import { describeResponse } from '../../../src/chat/apis/response-head.ts';
import type { ChatEvent } from '../../../src/chat/chat-event.ts';
import { workerFailed } from '../../../src/errors.ts';
import { type ResponsesEvent, responsesEventSchema } from '../../../src/protocol/responses-event.ts';
import { parseResponsesRequest } from '../../../src/protocol/responses-request.ts';
import { responseSchema } from '../../../src/protocol/responses-response.ts';

const head = describeResponse({
	id: 'resp_1',
	createdAt: 1700000000,
	model: 'm',
	request: parseResponsesRequest({ model: 'm', input: 'hi' }),
	isStored: true,
	sampling: { temperature: 0.6, topP: 0.95 },
});
const meta: ResponseMeta = {
	head,
	field: 'reasoning_content',
	channels: { text: true, summary: false },
	nowSeconds: () => 1700000009,
};
const start: ChatEvent = { type: 'start', promptTokens: 10, cachedTokens: 4 };
const think = (text: string): ChatEvent => ({ type: 'reasoning-delta', text, logprobs: null });
const say = (text: string): ChatEvent => ({ type: 'content-delta', text, logprobs: null });
const finish: Extract<ChatEvent, { type: 'finish' }> = {
	type: 'finish',
	finishReason: 'stop',
	usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 9, reasoningTokens: 5 },
	reasoning: { state: 'complete', tokens: 5, ms: 12.6, budgetTokens: 100, emptyRetries: 0 },
};
const call = (index: number, name: string, pieces: string[]): ChatEvent[] => [
	{ type: 'tool-call-start', index, id: `call_${index}`, name },
	...pieces.map((piece): ChatEvent => ({ type: 'tool-call-delta', index, arguments: piece })),
];

function eventsOf(events: ChatEvent[], overrides: Partial<ResponseMeta> = {}): ResponsesEvent[] {
	const encoder = createResponseEncoder({ ...meta, ...overrides });
	return checked(events.flatMap((event) => [...encoder.push(event)]));
}

function checked(encoded: ResponsesEvent[]): ResponsesEvent[] {
	for (const event of encoded) expect(responsesEventSchema.parse(event)).toEqual(event);
	expect(encoded.map((event) => event.sequence_number)).toEqual(encoded.map((_, index) => index));
	return encoded;
}

/** The end of the stream, and what clients build from its deltas: they have to say the same. */
function finalOf(events: ResponsesEvent[]) {
	const last = events.at(-1);
	if (last === undefined || !('response' in last)) throw new Error('no final event');
	return last.response;
}

const typesOf = (events: ResponsesEvent[]) => events.map((event) => event.type);

describe('the order of events', () => {
	test('a thought and an answer', () => {
		const events = eventsOf([start, think('h'), think('m'), say('4'), say('2'), finish]);
		const inThought = { item_id: 'rs_10', output_index: 0, content_index: 0 };
		const inAnswer = { item_id: 'msg_11', output_index: 1, content_index: 0 };
		const running = { ...head, status: 'in_progress', completed_at: null, error: null, incomplete_details: null };
		const thought = { type: 'reasoning', id: 'rs_10', summary: [] };
		const answer = { type: 'message', id: 'msg_11', role: 'assistant' };
		const text = { type: 'output_text', text: '42', annotations: [], logprobs: [] };
		const doneThought = { ...thought, status: 'completed', content: [{ type: 'reasoning_text', text: 'hm' }] };
		const doneAnswer = { ...answer, status: 'completed', content: [text] };
		expect(events.map(({ sequence_number: _, ...event }) => event)).toEqual([
			{ type: 'response.created', response: { ...running, output: [], usage: null } },
			{ type: 'response.in_progress', response: { ...running, output: [], usage: null } },
			{
				type: 'response.output_item.added',
				output_index: 0,
				item: { ...thought, status: 'in_progress', content: [] },
			},
			{ type: 'response.content_part.added', ...inThought, part: { type: 'reasoning_text', text: '' } },
			{ type: 'response.reasoning_text.delta', ...inThought, delta: 'h' },
			{ type: 'response.reasoning_text.delta', ...inThought, delta: 'm' },
			{ type: 'response.reasoning_text.done', ...inThought, text: 'hm' },
			{ type: 'response.content_part.done', ...inThought, part: { type: 'reasoning_text', text: 'hm' } },
			{ type: 'response.output_item.done', output_index: 0, item: doneThought },
			{
				type: 'response.output_item.added',
				output_index: 1,
				item: { ...answer, status: 'in_progress', content: [] },
			},
			{ type: 'response.content_part.added', ...inAnswer, part: { ...text, text: '' } },
			{ type: 'response.output_text.delta', ...inAnswer, delta: '4', logprobs: [] },
			{ type: 'response.output_text.delta', ...inAnswer, delta: '2', logprobs: [] },
			{ type: 'response.output_text.done', ...inAnswer, text: '42', logprobs: [] },
			{ type: 'response.content_part.done', ...inAnswer, part: text },
			{ type: 'response.output_item.done', output_index: 1, item: doneAnswer },
			{
				type: 'response.completed',
				response: {
					...running,
					status: 'completed',
					completed_at: 1700000009,
					output: [doneThought, doneAnswer],
					usage: {
						input_tokens: 10,
						input_tokens_details: { cached_tokens: 4 },
						output_tokens: 9,
						output_tokens_details: { reasoning_tokens: 5 },
						total_tokens: 19,
					},
					reasoning_status: { state: 'complete', tokens: 5, ms: 13, budget_tokens: 100 },
				},
			},
		]);
	});

	test('a thought as a summary', () => {
		const events = eventsOf([start, think('hm'), say('42'), finish], { channels: { text: false, summary: true } });
		expect(typesOf(events).slice(2, 8)).toEqual([
			'response.output_item.added',
			'response.reasoning_summary_part.added',
			'response.reasoning_summary_text.delta',
			'response.reasoning_summary_text.done',
			'response.reasoning_summary_part.done',
			'response.output_item.done',
		]);
		expect(finalOf(events).output[0]).toEqual({
			type: 'reasoning',
			id: 'rs_10',
			status: 'completed',
			summary: [{ type: 'summary_text', text: 'hm' }],
		});
	});

	test('a thought on both channels', () => {
		const events = eventsOf([start, think('hm'), say('42'), finish], { channels: { text: true, summary: true } });
		expect(typesOf(events).slice(2, 12)).toEqual([
			'response.output_item.added',
			'response.content_part.added',
			'response.reasoning_summary_part.added',
			'response.reasoning_text.delta',
			'response.reasoning_summary_text.delta',
			'response.reasoning_text.done',
			'response.content_part.done',
			'response.reasoning_summary_text.done',
			'response.reasoning_summary_part.done',
			'response.output_item.done',
		]);
	});

	test('function calls are items of their own, behind the text that came before them', () => {
		const events = eventsOf([
			start,
			say('Looking. '),
			...call(0, 'f', ['{"a"', ':1}']),
			...call(1, 'g', ['{}']),
			{ ...finish, finishReason: 'tool_calls' },
		]);
		expect(typesOf(events).slice(2)).toEqual([
			'response.output_item.added',
			'response.content_part.added',
			'response.output_text.delta',
			'response.output_text.done',
			'response.content_part.done',
			'response.output_item.done',
			'response.output_item.added',
			'response.function_call_arguments.delta',
			'response.function_call_arguments.delta',
			'response.function_call_arguments.done',
			'response.output_item.done',
			'response.output_item.added',
			'response.function_call_arguments.delta',
			'response.function_call_arguments.done',
			'response.output_item.done',
			'response.completed',
		]);
		expect(finalOf(events).output.slice(1)).toEqual([
			{ type: 'function_call', id: 'fc_11', status: 'completed', call_id: 'call_0', name: 'f', arguments: '{"a":1}' },
			{ type: 'function_call', id: 'fc_12', status: 'completed', call_id: 'call_1', name: 'g', arguments: '{}' },
		]);
		expect(finalOf(events).status).toBe('completed');
	});

	test('arguments that belong to another call than the open one are left out', () => {
		const stray: ChatEvent = { type: 'tool-call-delta', index: 3, arguments: 'x' };
		expect(typesOf(eventsOf([start, stray, ...call(0, 'f', []), stray]))).toEqual([
			'response.created',
			'response.in_progress',
			'response.output_item.added',
		]);
	});
});

describe('where the thought goes', () => {
	test('hidden: there is no reasoning item', () => {
		const { output } = finalOf(eventsOf([start, think('hm'), say('42'), finish], { field: 'hidden' }));
		expect(output.map((item) => item.type)).toEqual(['message']);
	});

	test('tags: it is a part of the text', () => {
		const { output } = finalOf(eventsOf([start, think('hm'), say('42'), finish], { field: 'tags' }));
		expect(output).toMatchObject([{ type: 'message', content: [{ text: '<think>\nhm\n</think>\n\n42' }] }]);
	});
});

describe('how a response ends', () => {
	test('cut by length: incomplete, and so is the item that it was cut in', () => {
		const final = finalOf(eventsOf([start, think('hm'), say('4'), { ...finish, finishReason: 'length' }]));
		expect(final).toMatchObject({
			status: 'incomplete',
			completed_at: null,
			incomplete_details: { reason: 'max_output_tokens' },
			output: [
				{ type: 'reasoning', status: 'completed' },
				{ type: 'message', status: 'incomplete' },
			],
			usage: { output_tokens: 9 },
		});
	});

	test('cut by length inside the thought: the thought is all there is', () => {
		const cut: ChatEvent = {
			...finish,
			finishReason: 'length',
			reasoning: { ...finish.reasoning, state: 'length' },
		};
		expect(finalOf(eventsOf([start, think('h'), cut])).output).toMatchObject([
			{ type: 'reasoning', status: 'incomplete' },
		]);
	});

	test('an empty answer is a message without text', () => {
		const events = eventsOf([start, finish]);
		expect(finalOf(events).output).toMatchObject([{ type: 'message', content: [{ text: '' }] }]);
		expect(typesOf(events)).not.toContain('response.output_text.delta');
	});

	test('a failure is told twice: for clients that throw, and as the state of the response', () => {
		const encoder = createResponseEncoder(meta);
		const begun = [start, say('4')].flatMap((event) => [...encoder.push(event)]);
		const events = checked([...begun, ...encoder.fail(workerFailed('The worker died.'))]);
		expect(typesOf(events).slice(-5)).toEqual([
			'response.output_text.done',
			'response.content_part.done',
			'response.output_item.done',
			'error',
			'response.failed',
		]);
		const told = { code: 'worker_crashed', message: 'The worker died.', param: null };
		expect(events.at(-2)).toMatchObject({ ...told, error: { type: 'server_error', ...told } });
		expect(finalOf(events)).toMatchObject({
			status: 'failed',
			error: { code: 'server_error', message: 'The worker died.' },
			output: [{ status: 'incomplete', content: [{ text: '4' }] }],
			usage: null,
		});
	});

	test('a cancelled one keeps what it had', () => {
		const encoder = createResponseEncoder(meta);
		const begun = [start, think('h')].flatMap((event) => [...encoder.push(event)]);
		const events = checked([...begun, ...encoder.cancel()]);
		expect(events.at(-1)).toMatchObject({
			type: 'response.incomplete',
			response: { status: 'cancelled', incomplete_details: null, output: [{ status: 'incomplete' }] },
		});
	});
});

test('at any time the response is what has come so far', () => {
	const encoder = createResponseEncoder(meta);
	for (const event of [start, think('h'), say('4')]) [...encoder.push(event)];
	expect(responseSchema.parse(encoder.response())).toMatchObject({
		status: 'in_progress',
		output: [{ status: 'completed' }, { status: 'in_progress', content: [{ text: '4' }] }],
	});
});

test('log-probabilities go out with their text and stand whole in the item', () => {
	const entry = { id: 1, bytes: Buffer.from('4').toString('base64'), logprob: -1, top: [] };
	const events = eventsOf([start, { type: 'content-delta', text: '4', logprobs: [entry] }, finish]);
	const encoded = [{ token: '4', logprob: -1, bytes: [0x34], top_logprobs: [] }];
	expect(events.find((event) => event.type === 'response.output_text.delta')).toMatchObject({ logprobs: encoded });
	expect(finalOf(events).output).toMatchObject([{ content: [{ logprobs: encoded }] }]);
});

test('deltas add up to what the done events and the final response say', () => {
	const events = eventsOf([start, think('a'), think('b'), say('c'), ...call(0, 'f', ['{', '}']), say('d'), finish]);
	const sums = new Map<string, string>();
	for (const event of events) {
		if ('delta' in event) sums.set(event.item_id, (sums.get(event.item_id) ?? '') + event.delta);
		if (event.type === 'response.output_text.done' || event.type === 'response.reasoning_text.done') {
			expect(event.text).toBe(sums.get(event.item_id));
		}
		if (event.type === 'response.function_call_arguments.done') expect(event.arguments).toBe(sums.get(event.item_id));
	}
	expect([...sums.values()]).toEqual(['ab', 'c', '{}', 'd']);
	expect(finalOf(events).output.map((item) => item.id)).toEqual([...sums.keys()]);
});
