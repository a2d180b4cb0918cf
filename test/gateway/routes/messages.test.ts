import { expect, test } from 'vitest';
import { messageSchema } from '../../../src/protocol/messages-response.ts';
import type { GenerateRequest } from '../../../src/protocol/worker-api.ts';
import { diesAfterAWord, eventsOf, thinkThenSay } from '../support/scripts.ts';
import { KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const MESSAGE = { model: 'fake', max_tokens: 500, messages: [{ role: 'user', content: 'What is 17+25?' }] };
const THINKING = { thinking: { type: 'enabled', budget_tokens: 100 } };
const URL = '/v1/messages';

test('a whole message has its thought in a block of its own, before the text', async () => {
	const { app } = await startGateway();
	for (const url of [URL, '/messages', '/v1/messages/']) {
		const response = await app.inject({ method: 'POST', url, payload: { ...MESSAGE, ...THINKING } });
		expect(response.statusCode).toBe(200);
		const message = messageSchema.parse(response.json());
		expect(message.id).toMatch(/^msg_/);
		expect(message).toMatchObject({
			content: [
				{ type: 'thinking', thinking: 'Add them.', signature: '' },
				{ type: 'text', text: 'It is 42.', citations: null },
			],
			stop_reason: 'end_turn',
			stop_sequence: null,
			usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 6, reasoning_tokens: 3 },
			reasoning_status: { state: 'complete', budget_tokens: 100 },
		});
	}
});

test('who does not ask for the thought finds the text first', async () => {
	const { app } = await startGateway();
	const { content } = (await app.inject({ method: 'POST', url: URL, payload: MESSAGE })).json();
	expect(content).toEqual([{ type: 'text', text: 'It is 42.', citations: null }]);
});

test('the events of a stream come in their order, named, and tell the same as the whole message', async () => {
	const { app } = await startGateway();
	const { body } = await app.inject({ method: 'POST', url: URL, payload: { ...MESSAGE, ...THINKING, stream: true } });
	const events = [...body.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)].map(([, name, data]) => {
		const event = JSON.parse(data ?? '');
		expect(event.type).toBe(name);
		return event;
	});
	const told = events.map(({ type, index, delta }) => [type, index, delta?.type].filter((part) => part !== undefined));
	expect(told).toEqual([
		['message_start'],
		['content_block_start', 0],
		['content_block_delta', 0, 'thinking_delta'],
		['content_block_delta', 0, 'thinking_delta'],
		['content_block_delta', 0, 'signature_delta'],
		['content_block_stop', 0],
		['content_block_start', 1],
		['content_block_delta', 1, 'text_delta'],
		['content_block_delta', 1, 'text_delta'],
		['content_block_delta', 1, 'text_delta'],
		['content_block_stop', 1],
		['message_delta'],
		['message_stop'],
	]);
	expect(events.map(({ delta }) => delta?.thinking ?? '').join('')).toBe('Add them.');
	expect(events.map(({ delta }) => delta?.text ?? '').join('')).toBe('It is 42.');
	expect(messageSchema.parse(events[0].message).usage.input_tokens).toBe(6);
	expect(events.at(-2)).toMatchObject({
		delta: { stop_reason: 'end_turn' },
		usage: { output_tokens: 6, reasoning_tokens: 3 },
		reasoning_status: { state: 'complete' },
	});
});

test('the stop sequence that ended the answer is named', async () => {
	const { app } = await startGateway();
	const payload = { ...MESSAGE, stop_sequences: ['never', '4', 'is'] };
	expect((await app.inject({ method: 'POST', url: URL, payload })).json()).toMatchObject({
		content: [{ type: 'text', text: 'It ' }],
		stop_reason: 'stop_sequence',
		stop_sequence: 'is',
	});
});

test('system, earlier thoughts, tool calls and their results become turns of the chat', async () => {
	const asked: GenerateRequest[] = [];
	const { app } = await startGateway({
		script: async (turn) => {
			asked.push(turn.request);
			await turn.send(...eventsOf('So.', 'Done.'));
			turn.end();
		},
	});
	const messages = [
		{ role: 'user', content: [{ type: 'text', text: 'Hi' }] },
		{
			role: 'assistant',
			content: [
				{ type: 'thinking', thinking: 'A greeting.', signature: '' },
				{ type: 'text', text: 'Hello.' },
			],
		},
		{ role: 'user', content: 'And now?' },
	];
	const system = [{ type: 'text', text: 'Be short.' }];
	const response = await app.inject({ method: 'POST', url: URL, payload: { ...MESSAGE, system, messages } });
	expect(response.statusCode).toBe(200);
	const prompt = asked[0]?.prompt.map((part) => ('text' in part ? part.text : '')).join('');
	expect(prompt).toContain(
		'Be short.<｜User｜>Hi<｜Assistant｜>Hello.<｜end▁of▁sentence｜><｜User｜>And now?<｜Assistant｜>',
	);
	expect(prompt).not.toContain('greeting');
	expect(asked[0]?.maxTokens).toBe(500);
});

test('tokens are counted without generating', async () => {
	const { app, worker } = await startGateway();
	const { model, messages } = MESSAGE;
	for (const url of ['/v1/messages/count_tokens', '/messages/count_tokens']) {
		const response = await app.inject({ method: 'POST', url, payload: { model, messages } });
		expect(response.json()).toEqual({ input_tokens: 3 });
	}
	expect(worker.received).toEqual([]);
});

test("the id of the request stands where Anthropic's clients look for it, on answers and failures", async () => {
	const { app } = await startGateway();
	for (const payload of [MESSAGE, {}]) {
		const { headers } = await app.inject({ method: 'POST', url: `${URL}?beta=true`, payload });
		expect(headers['request-id']).toMatch(/^req_[0-9a-f]{24}$/);
		expect(headers['request-id']).toBe(headers['x-request-id']);
	}
});

test("failures have Anthropic's envelope, and the key may come as x-api-key", async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const post = async (headers: Record<string, string>, payload: object) => {
		const response = await app.inject({ method: 'POST', url: URL, headers, payload });
		return [response.statusCode, response.json().type, response.json().error?.type];
	};
	const withKey = { 'x-api-key': KEY };
	expect(await post(withKey, MESSAGE)).toEqual([200, 'message', undefined]);
	expect(await post({}, MESSAGE)).toEqual([401, 'error', 'authentication_error']);
	expect(await post({ 'x-api-key': 'sk-wrong' }, MESSAGE)).toEqual([401, 'error', 'authentication_error']);
	expect(await post({ ...withKey, authorization: 'Basic eDp5' }, MESSAGE)).toEqual([
		401,
		'error',
		'authentication_error',
	]);
	expect(await post(withKey, { ...MESSAGE, model: 'other' })).toEqual([404, 'error', 'not_found_error']);
	expect(await post(withKey, { ...MESSAGE, max_tokens: undefined })).toEqual([400, 'error', 'invalid_request_error']);
	const image = [{ role: 'user', content: [{ type: 'image', source: {} }] }];
	expect(await post(withKey, { ...MESSAGE, messages: image })).toEqual([400, 'error', 'invalid_request_error']);
});

test('a worker that dies is an error event, after which nothing claims that the message is whole', async () => {
	const { app } = await startGateway({ script: diesAfterAWord });
	const { body } = await app.inject({ method: 'POST', url: URL, payload: { ...MESSAGE, stream: true } });
	expect(body).toContain('event: error\ndata: {"type":"error","error":{"type":"api_error"');
	expect(body).not.toContain('message_stop');
	const whole = await app.inject({ method: 'POST', url: URL, payload: MESSAGE });
	expect([whole.statusCode, whole.json().error.type]).toEqual([500, 'api_error']);
});

test('an answer that has no room left says max_tokens', async () => {
	const { app } = await startGateway({
		script: async (turn) => {
			const events = eventsOf('So.', 'It is');
			const end = events.at(-1);
			if (end?.type === 'generation-end') end.finishReason = 'length';
			await turn.send(...events);
			turn.end();
		},
	});
	expect((await app.inject({ method: 'POST', url: URL, payload: MESSAGE })).json().stop_reason).toBe('max_tokens');
});

test('thinking switched off reaches the prompt', async () => {
	const asked: GenerateRequest[] = [];
	const { app } = await startGateway({
		script: (turn) => {
			asked.push(turn.request);
			return thinkThenSay('', 'Hi.')(turn);
		},
	});
	await app.inject({ method: 'POST', url: URL, payload: { ...MESSAGE, thinking: { type: 'disabled' } } });
	expect(asked[0]?.phases.map(({ name }) => name)).toEqual(['answer']);
});

test('a tool that is chosen without its name is told of in the words of the request', async () => {
	const { app } = await startGateway();
	const payload = { ...MESSAGE, tools: [{ name: 'f', input_schema: {} }], tool_choice: { type: 'tool' } };
	const response = await app.inject({ method: 'POST', url: URL, payload });
	expect(response.statusCode).toBe(400);
	expect(response.json().error.message).toBe("Missing required parameter: 'tool_choice.name'.");
});

test('a format holds the text alone, and effort buys the thought', async () => {
	const asked: GenerateRequest[] = [];
	const { app } = await startGateway({
		script: (turn) => {
			asked.push(turn.request);
			return thinkThenSay('Hm.', '{"result":42}')(turn);
		},
	});
	const format = { type: 'json_schema', schema: { type: 'object', properties: { result: { type: 'integer' } } } };
	for (const effort of ['low', 'high']) {
		const response = await app.inject({
			method: 'POST',
			url: URL,
			payload: { ...MESSAGE, output_config: { format, effort } },
		});
		expect(response.json().content).toEqual([{ type: 'text', text: '{"result":42}', citations: null }]);
	}
	const [low, high] = asked.map(({ phases }) => phases.find(({ name }) => name === 'reasoning'));
	expect(low?.softLimitTokens).toBeLessThan(high?.softLimitTokens ?? 0);
	for (const { phases } of asked) {
		expect(phases.map(({ name, grammar }) => [name, grammar !== null])).toEqual([
			['reasoning', false],
			['answer', true],
		]);
	}
	// Anthropic's effort is about the whole answer: no contradiction to a thought that is off.
	const payload = { ...MESSAGE, thinking: { type: 'disabled' }, output_config: { effort: 'high' } };
	expect((await app.inject({ method: 'POST', url: URL, payload })).statusCode).toBe(200);
	expect(asked.at(-1)?.phases.map(({ name }) => name)).toEqual(['answer']);
});

test.each([
	[{ output_config: { format: { type: 'grammar' } } }, 'output_config.format.type'],
	[{ output_config: { effort: 'none' } }, 'output_config.effort'],
	[
		{ output_config: { format: { type: 'json_schema', schema: { properties: { a: { not: { type: 'null' } } } } } } },
		'output_config.format.schema.properties.a.not',
	],
])('what cannot be honoured is refused by its own name: %j', async (more, param) => {
	const { app } = await startGateway();
	const response = await app.inject({ method: 'POST', url: URL, payload: { ...MESSAGE, ...more } });
	expect(response.statusCode).toBe(400);
	expect(response.json().error.message).toContain(`'${param}'`);
});
