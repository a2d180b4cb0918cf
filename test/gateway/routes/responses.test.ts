import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { contextLengthExceeded, toEnvelope } from '../../../src/errors.ts';
import { responsesEventSchema } from '../../../src/protocol/responses-event.ts';
import { responseSchema } from '../../../src/protocol/responses-response.ts';
import type { FakeScript } from '../../support/fake-worker.ts';
import { until } from '../../support/until.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { startRecording } from '../support/recorded-asks.ts';
import { diesAfterAWord, eventsOf, thinksForever } from '../support/scripts.ts';
import { type Gateway, startGateway } from '../support/start-gateway.ts';

const ASK = { model: 'fake', input: 'What is 17+25?' };
const POST = { method: 'POST', url: '/v1/responses' } as const;

async function post(gateway: Gateway, payload: object) {
	return gateway.app.inject({ ...POST, payload });
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
});

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
