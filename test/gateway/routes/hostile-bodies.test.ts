import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { errorSchema } from '../support/error-envelope.ts';
import { CHAT, startGateway } from '../support/start-gateway.ts';

const NUMBERS = [-1, 129, 2 ** 31, 2 ** 32, 2 ** 63, 1e300, -0.5, '1', true, {}, []];
const OUT_OF_RANGE: Record<string, unknown[]> = {
	temperature: [-1, 2.1, 1e300, '1', true],
	top_p: [-0.1, 1.1, 'x', {}],
	top_k: [-2, 0.5, 2 ** 40, 'x'],
	min_p: [-0.1, 1.1, []],
	max_tokens: [-1, 0, 0.5, '5', 2 ** 60],
	n: [...NUMBERS, 0],
	top_logprobs: [-1, 21, 2 ** 31],
	stop: [['a', 'b', 'c', 'd', 'e'], '', [''], 'x'.repeat(1000), 5, {}],
	logit_bias: [
		{ x: 1 },
		{ 1: 1000 },
		{ '-1': 1 },
		{ 1.5: 1 },
		[1],
		Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [i, 1])),
	],
	messages: [
		[],
		'hi',
		{},
		[{}],
		[{ role: 'x', content: 'y' }],
		[{ role: 'user' }],
		[null],
		Array.from({ length: 5000 }, () => CHAT.messages[0]),
	],
	stream: ['yes', 1],
	reasoning_effort: ['huge', 5],
	model: [5, '', {}, []],
};

test.each(Object.entries(OUT_OF_RANGE))('%s out of its range is a 400 that no worker sees', async (field, values) => {
	const { app, worker } = await startGateway();
	for (const value of values) {
		const response = await app.inject({
			method: 'POST',
			url: '/v1/chat/completions',
			payload: { ...CHAT, [field]: value },
		});
		expect([value, response.statusCode]).toEqual([value, 400]);
		expect(errorSchema.parse(response.json()).error.param ?? field).toContain(field.split('_')[0]);
	}
	expect(worker.received).toEqual([]);
	expect((await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT })).statusCode).toBe(200);
});

test('numbers that JSON.parse turns into Infinity are refused', async () => {
	const { app } = await startGateway();
	const text = JSON.stringify({ ...CHAT, temperature: 0 });
	for (const number of ['1e999', '-1e999']) {
		const response = await app.inject({
			method: 'POST',
			url: '/v1/chat/completions',
			headers: { 'content-type': 'application/json' },
			payload: text.replace('"temperature":0', `"temperature":${number}`),
		});
		expect(response.statusCode).toBe(400);
	}
});

test('no URL of a request is ever opened', async () => {
	let connections = 0;
	const canary = createServer((socket) => {
		connections += 1;
		socket.destroy();
	});
	canary.listen(0, '127.0.0.1');
	await once(canary, 'listening');
	const address = canary.address();
	const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x.png`;
	const { app } = await startGateway();
	const parts = [
		{ type: 'image_url', image_url: { url } },
		{ type: 'input_audio', input_audio: { data: url, format: 'wav' } },
		{ type: 'file', file: { file_id: url } },
	];
	for (const part of parts) {
		const payload = { ...CHAT, messages: [{ role: 'user', content: [part] }] };
		expect((await app.inject({ method: 'POST', url: '/v1/chat/completions', payload })).statusCode).toBe(400);
	}
	const loose = {
		...CHAT,
		api_base: url,
		base_url: url,
		webhook: url,
		messages: [{ role: 'user', content: `![x](${url})` }],
	};
	expect((await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: loose })).statusCode).toBe(200);
	expect(
		(await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: { ...CHAT, model: url } })).statusCode,
	).toBe(404);
	canary.close();
	expect(connections).toBe(0);
});

test('what is for later work is refused by name, never ignored', async () => {
	const { app, worker } = await startGateway();
	const later: Record<string, unknown> = {
		n: 2,
		logprobs: true,
		tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
		response_format: { type: 'json_object' },
		functions: [{ name: 'f' }],
		audio: { voice: 'x', format: 'wav' },
		web_search_options: {},
	};
	for (const [field, value] of Object.entries(later)) {
		const response = await app.inject({
			method: 'POST',
			url: '/v1/chat/completions',
			payload: { ...CHAT, [field]: value },
		});
		if (response.statusCode === 200) continue; // built since
		expect([field, response.json().error]).toMatchObject([field, { code: 'unsupported_parameter', param: field }]);
	}
	expect(worker.running()).toBe(0);
});
