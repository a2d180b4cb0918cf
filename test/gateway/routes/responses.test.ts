import type { InjectOptions } from 'fastify';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { contextLengthExceeded, toEnvelope } from '../../../src/errors.ts';
import { responsesEventSchema } from '../../../src/protocol/responses-event.ts';
import { responseSchema } from '../../../src/protocol/responses-response.ts';
import type { FakeScript } from '../../support/fake-worker.ts';
import { until } from '../../support/until.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { diesAfterAWord, eventsOf, thinksForever, thinkThenSay } from '../support/scripts.ts';
import { bearer, type Gateway, KEY, OTHER_KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const ASK = { model: 'fake', input: 'What is 17+25?' };
const POST = { method: 'POST', url: '/v1/responses' } as const;

/** A gateway that keeps what its worker was asked, as the prompt's text. */
async function startRecording() {
	const asked: { prompt: string; maxTokens: number | null }[] = [];
	const answer = thinkThenSay('Add them.', 'It is 42.');
	const script: FakeScript = async (turn) => {
		const { prompt, maxTokens } = turn.request;
		asked.push({ prompt: prompt.map((part) => ('text' in part ? part.text : '')).join(''), maxTokens });
		await answer(turn);
	};
	return { gateway: await startGateway({ script }), asked };
}

async function post(gateway: Gateway, payload: object, headers: InjectOptions['headers'] = {}) {
	return gateway.app.inject({ ...POST, payload, headers });
}

describe('a whole response', () => {
	test('has every key of the schema, the thought on both channels, the answer and exact usage', async () => {
		const gateway = await startGateway();
		const response = await post(gateway, { ...ASK, metadata: { a: 'b' } });
		expect(response.statusCode).toBe(200);
		const body = response.json();
		expect(responseSchema.strict().parse(body)).toEqual(body);
		expect(body).toMatchObject({
			id: expect.stringMatching(/^resp_[0-9a-f]{48}$/),
			object: 'response',
			status: 'completed',
			model: 'fake',
			temperature: 0.6,
			top_p: 0.95,
			store: true,
			metadata: { a: 'b' },
			output: [
				{
					type: 'reasoning',
					summary: [{ type: 'summary_text', text: 'Add them.' }],
					content: [{ type: 'reasoning_text', text: 'Add them.' }],
				},
				{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'It is 42.' }] },
			],
			usage: { input_tokens: 10, output_tokens: 6, output_tokens_details: { reasoning_tokens: 3 }, total_tokens: 16 },
		});
	});

	test.each([
		['auto', 'auto', false, true],
		['auto', undefined, true, true],
		['text', 'auto', true, false],
		['summary', undefined, false, true],
		['both', 'auto', true, true],
	] as const)('with responses.reasoning %s and a summary of %s', async (reasoning, summary, hasText, hasSummary) => {
		const gateway = await startGateway({ config: { responses: { reasoning } } });
		const { output } = (await post(gateway, { ...ASK, reasoning: { summary } })).json();
		expect([output[0].content !== undefined, output[0].summary.length > 0]).toEqual([hasText, hasSummary]);
	});

	test('instructions are the system message, and max_output_tokens bounds the generation', async () => {
		const { gateway, asked } = await startRecording();
		await post(gateway, { ...ASK, instructions: 'Be brief.', max_output_tokens: 50 });
		const prompt = '<｜begin▁of▁sentence｜>Be brief.<｜User｜>What is 17+25?<｜Assistant｜><think>\n';
		expect(asked).toEqual([{ prompt, maxTokens: 50 }]);
	});

	test('may be elected from several samples, as in chat completions', async () => {
		const gateway = await startGateway();
		const { output, reasoning_status } = (await post(gateway, { ...ASK, reasoning: { samples: 3 } })).json();
		expect(gateway.worker.received).toHaveLength(3);
		expect(output.at(-1).content[0].text).toBe('It is 42.');
		expect(reasoning_status.votes).toHaveLength(1);
	});

	test('is a status when it fails', async () => {
		const gateway = await startGateway({ script: diesAfterAWord });
		const response = await post(gateway, ASK);
		expect(response.statusCode).toBe(500);
		expect(errorSchema.parse(response.json()).error.code).toBe('worker_crashed');
	});
});

describe('a streamed response', () => {
	test('has a named frame for each event, numbered from 0', async () => {
		const gateway = await startGateway();
		const response = await post(gateway, { ...ASK, stream: true, reasoning: { summary: 'auto' } });
		expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
		const frames = response.payload.split('\n\n').filter((frame) => frame !== '' && !frame.startsWith(':'));
		expect(frames.pop()).toBe('data: [DONE]');
		const events = frames.map((frame, index) => {
			const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(frame) ?? [];
			const event = responsesEventSchema.parse(JSON.parse(data ?? ''));
			expect([event.type, event.sequence_number]).toEqual([name, index]);
			return event;
		});
		expect(events.map((event) => event.type)).toEqual([
			'response.created',
			'response.in_progress',
			'response.output_item.added',
			'response.reasoning_summary_part.added',
			'response.reasoning_summary_text.delta',
			'response.reasoning_summary_text.delta',
			'response.reasoning_summary_text.done',
			'response.reasoning_summary_part.done',
			'response.output_item.done',
			'response.output_item.added',
			'response.content_part.added',
			'response.output_text.delta',
			'response.output_text.delta',
			'response.output_text.delta',
			'response.output_text.done',
			'response.content_part.done',
			'response.output_item.done',
			'response.completed',
		]);
	});

	test('is the whole one in the end', async () => {
		const gateway = await startGateway();
		const whole = (await post(gateway, ASK)).json();
		const streamed = await post(gateway, { ...ASK, stream: true });
		const last = /event: response.completed\ndata: (.*)\n/.exec(streamed.payload)?.[1] ?? '';
		const { response } = JSON.parse(last);
		const withoutIds = (value: object) =>
			JSON.stringify(value)
				.replaceAll(/(resp|rs|msg)_[0-9a-f]+/g, '$1')
				.replaceAll(/_at":\d+/g, '_at":0');
		expect(withoutIds(response)).toBe(withoutIds(whole));
	});

	test('that loses its worker ends in an error and a failed response', async () => {
		const gateway = await startGateway({ script: diesAfterAWord });
		const { payload } = await post(gateway, { ...ASK, stream: true });
		const names = [...payload.matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
		expect(names.slice(-2)).toEqual(['error', 'response.failed']);
		expect(payload).toContain('"error":{"code":"server_error"');
	});

	test('gives its slot back when the client leaves', async () => {
		const gateway = await startGateway({ script: thinksForever });
		const client = await gateway.client();
		const stream = await client.responses.create({ ...ASK, stream: true });
		for await (const event of stream) if (event.type === 'response.reasoning_summary_text.delta') break;
		await until(() => gateway.app.running.size === 0);
		await until(() => gateway.pool.status().workers.every((worker) => worker.busySlots === 0));
	});
});

describe('the official client', () => {
	test('creates a whole response', async () => {
		const client = await (await startGateway()).client();
		const response = await client.responses.create(ASK);
		expect(response.output_text).toBe('It is 42.');
	});

	test('streams one, event by event', async () => {
		const client = await (await startGateway()).client();
		const seen = { thought: '', text: '', end: '' };
		for await (const event of await client.responses.create({ ...ASK, stream: true })) {
			if (event.type === 'response.reasoning_text.delta') seen.thought += event.delta;
			if (event.type === 'response.output_text.delta') seen.text += event.delta;
			seen.end = event.type;
		}
		expect(seen).toEqual({ thought: 'Add them.', text: 'It is 42.', end: 'response.completed' });
	});

	test('collects one with its stream helper', async () => {
		const client = await (await startGateway()).client();
		const stream = client.responses.stream(ASK);
		let snapshot = '';
		stream.on('response.output_text.delta', (event) => {
			snapshot = event.snapshot;
		});
		const response = await stream.finalResponse();
		expect([snapshot, response.status]).toEqual(['It is 42.', 'completed']);
		expect(response.output.map((item) => item.type)).toEqual(['reasoning', 'message']);
	});

	test('throws on a failure in the middle', async () => {
		const client = await (await startGateway({ script: diesAfterAWord })).client();
		const read = async () => {
			for await (const _ of await client.responses.create({ ...ASK, stream: true }));
		};
		await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
		await expect(read()).rejects.toMatchObject({ code: 'worker_crashed' });
	});

	test('reads, lists and deletes what is kept', async () => {
		const client = await (await startGateway()).client();
		const { id, output } = await client.responses.create({ ...ASK, instructions: 'Be brief.' });
		expect(await client.responses.retrieve(id)).toMatchObject({ id, status: 'completed', output });
		const items = [];
		for await (const item of client.responses.inputItems.list(id)) items.push(item);
		expect(items).toMatchObject([
			{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is 17+25?' }] },
		]);
		await client.responses.delete(id);
		await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
		await expect(client.responses.delete(id)).rejects.toMatchObject({ status: 404 });
	});
});

describe('a conversation', () => {
	test('goes on from previous_response_id, without the thought and without the old instructions', async () => {
		const { gateway, asked } = await startRecording();
		const client = await gateway.client();
		const first = await client.responses.create({ ...ASK, instructions: 'Be brief.' });
		const second = await client.responses.create({
			model: 'fake',
			input: 'And 1 more?',
			previous_response_id: first.id,
		});
		expect(second.previous_response_id).toBe(first.id);
		expect(asked.at(-1)?.prompt).toBe(
			'<｜begin▁of▁sentence｜><｜User｜>What is 17+25?<｜Assistant｜>It is 42.<｜end▁of▁sentence｜><｜User｜>And 1 more?<｜Assistant｜><think>\n',
		);
		await client.responses.delete(first.id);
		const items = await client.responses.inputItems.list(second.id, { order: 'asc', limit: 2 });
		expect(items.data.map((item) => item.type)).toEqual(['message', 'reasoning']);
		expect(items.has_more).toBe(true);
		const third = await client.responses.create({ model: 'fake', input: 'Why?', previous_response_id: second.id });
		expect(third.status).toBe('completed');
	});

	test('a streamed response is kept before its last event is out', async () => {
		const gateway = await startGateway();
		const client = await gateway.client();
		let id = '';
		for await (const event of await client.responses.create({ ...ASK, stream: true })) {
			if (event.type !== 'response.completed') continue;
			id = event.response.id;
			expect((await client.responses.retrieve(id)).status).toBe('completed');
		}
		expect(id).not.toBe('');
	});

	test('items are named instead of sent again', async () => {
		const { gateway, asked } = await startRecording();
		const { output } = (await post(gateway, ASK)).json();
		const input = [
			{ role: 'user', content: 'What is 17+25?' },
			...output.map(({ id }: { id: string }) => ({ type: 'item_reference', id })),
			{ role: 'user', content: 'And 1 more?' },
		];
		expect((await post(gateway, { model: 'fake', input })).statusCode).toBe(200);
		expect(asked.at(-1)?.prompt).toContain('<｜Assistant｜>It is 42.<｜end▁of▁sentence｜><｜User｜>And 1 more?');
	});

	test.each([
		[400, 'previous_response_not_found', 'previous_response_id', { previous_response_id: 'resp_nope' }],
		[404, null, 'input[0].id', { input: [{ type: 'item_reference', id: 'msg_nope' }] }],
	])('what is not kept is a %i', async (status, code, param, fields) => {
		const gateway = await startGateway();
		const response = await post(gateway, { ...ASK, ...fields });
		expect(response.statusCode).toBe(status);
		expect(errorSchema.parse(response.json()).error).toMatchObject({ code, param });
	});

	test('a thought that is not kept any more is not missed', async () => {
		const gateway = await startGateway();
		const input = [
			{ type: 'item_reference', id: 'rs_gone' },
			{ role: 'user', content: 'hi' },
		];
		expect((await post(gateway, { model: 'fake', input })).statusCode).toBe(200);
	});

	test.each([
		['store: false', {}, { store: false }],
		['a server that keeps none', { responses: { maxEntries: 0 } }, {}],
	])('%s: nothing is kept, and the response says so', async (_, config, fields) => {
		const gateway = await startGateway({ config });
		const { id, store } = (await post(gateway, { ...ASK, ...fields })).json();
		expect(store).toBe(false);
		expect((await gateway.app.inject(`/v1/responses/${id}`)).statusCode).toBe(404);
	});

	test('belongs to the key that began it', async () => {
		const gateway = await startGateway({ config: TWO_KEYS });
		const { id } = (await post(gateway, ASK, bearer(KEY))).json();
		const asOther = { headers: bearer(OTHER_KEY) };
		const urls = [`/v1/responses/${id}`, `/v1/responses/${id}/input_items`];
		for (const url of urls) expect((await gateway.app.inject({ url, ...asOther })).statusCode).toBe(404);
		const cancelled = await gateway.app.inject({ method: 'POST', url: `/v1/responses/${id}/cancel`, ...asOther });
		expect(cancelled.statusCode).toBe(404);
		const deleted = await gateway.app.inject({ method: 'DELETE', url: `/v1/responses/${id}`, ...asOther });
		expect(deleted.statusCode).toBe(404);
		const next = await post(gateway, { ...ASK, previous_response_id: id }, bearer(OTHER_KEY));
		expect(next.statusCode).toBe(400);
		const own = await gateway.app.inject({ url: `/v1/responses/${id}`, headers: bearer(KEY) });
		expect(own.statusCode).toBe(200);
	});
});

describe('cancelling', () => {
	test('ends a running response, for both who ask and who read', async () => {
		const gateway = await startGateway({ script: thinksForever });
		const client = await gateway.client();
		let last: OpenAI.Responses.ResponseStreamEvent | null = null;
		for await (const event of await client.responses.create({ ...ASK, stream: true })) {
			last = event;
			if (event.type !== 'response.reasoning_summary_text.delta') continue;
			const { id } = await client.responses.retrieve(idOf(gateway));
			expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' });
		}
		expect(last).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } });
		expect(gateway.app.running.size).toBe(0);
		const { id } = last !== null && 'response' in last ? last.response : { id: '' };
		expect(await client.responses.retrieve(id)).toMatchObject({ status: 'cancelled', output: [{ type: 'reasoning' }] });
	});

	test('a whole response that is cancelled is answered with what it had', async () => {
		const gateway = await startGateway({ script: thinksForever });
		const client = await gateway.client();
		const answer = client.responses.create(ASK);
		await until(() => gateway.worker.received.length === 1);
		const retrieved = async () => client.responses.retrieve(idOf(gateway)).catch(() => null);
		while ((await retrieved())?.output.length !== 1) await new Promise(setImmediate);
		await client.responses.cancel(idOf(gateway));
		expect(await answer).toMatchObject({ status: 'cancelled', output: [{ type: 'reasoning', status: 'incomplete' }] });
	});

	test('one that has ended cannot be cancelled', async () => {
		const gateway = await startGateway();
		const { id } = (await post(gateway, ASK)).json();
		const response = await gateway.app.inject({ method: 'POST', url: `/v1/responses/${id}/cancel` });
		expect(response.statusCode).toBe(400);
		expect(errorSchema.parse(response.json()).error.message).toBe('Cannot cancel a response that is completed.');
	});
});

/** The worker knows a generation by the response's own id. */
function idOf({ worker }: Gateway): string {
	return worker.received.at(-1) ?? '';
}

test.each([false, true])('too long a prompt is a 400 about the input (stream: %s)', async (stream) => {
	const error = toEnvelope(contextLengthExceeded(1000, 2000));
	const script: FakeScript = ({ response }) => {
		response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(error));
	};
	const gateway = await startGateway({ script });
	const response = await post(gateway, { ...ASK, stream });
	expect(response.statusCode).toBe(400);
	expect(errorSchema.parse(response.json()).error).toMatchObject({ code: 'context_length_exceeded', param: 'input' });
});

test('a cut answer is incomplete, with the reason', async () => {
	const cut: FakeScript = async (turn) => {
		const events = eventsOf('Hm.', 'It is');
		const end = events.pop();
		await turn.send(...events);
		if (end?.type === 'generation-end') await turn.send({ ...end, finishReason: 'length' });
		turn.end();
	};
	const gateway = await startGateway({ script: cut });
	expect((await post(gateway, ASK)).json()).toMatchObject({
		status: 'incomplete',
		incomplete_details: { reason: 'max_output_tokens' },
		output: [{ status: 'completed' }, { status: 'incomplete', content: [{ text: 'It is' }] }],
	});
});

test('what the request may not ask for is refused in its own terms', async () => {
	const gateway = await startGateway();
	for (const [fields, param] of [
		[{ background: true }, 'background'],
		[{ text: { format: { type: 'json_schema', name: 'n', schema: { type: 'nonsense' } } } }, /^text\.format\.schema/],
		[{ reasoning: { effort: 'none', max_tokens: 5 } }, 'reasoning.max_tokens'],
	] as const) {
		const response = await post(gateway, { ...ASK, ...fields });
		expect(response.statusCode).toBe(400);
		const found = errorSchema.parse(response.json()).error.param;
		expect(found).toEqual(typeof param === 'string' ? param : expect.stringMatching(param));
	}
	expect(gateway.worker.received).toEqual([]);
});

test('the list of input items refuses what it cannot page by', async () => {
	const gateway = await startGateway();
	const { id } = (await post(gateway, ASK)).json();
	const url = `/v1/responses/${id}/input_items`;
	for (const query of ['limit=0', 'limit=101', 'limit=x', 'order=up']) {
		expect((await gateway.app.inject(`${url}?${query}`)).statusCode).toBe(400);
	}
	const { data, last_id: last } = (await gateway.app.inject(`${url}?limit=1`)).json();
	expect(data).toHaveLength(1);
	expect((await gateway.app.inject(`${url}?after=${last}`)).json()).toMatchObject({ data: [], has_more: false });
});
