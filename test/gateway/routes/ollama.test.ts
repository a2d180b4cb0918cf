import { Ollama } from 'ollama';
import { expect, test } from 'vitest';
import { ollamaChatLineSchema, ollamaGenerateLineSchema } from '../../../src/protocol/ollama-response.ts';
import type { GenerateRequest } from '../../../src/protocol/worker-api.ts';
import type { FakeScript } from '../../support/fake-worker.ts';
import { until } from '../../support/until.ts';
import { diesAfterAWord, eventsOf, START, thinkThenSay } from '../support/scripts.ts';
import { bearer, KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const MESSAGES = [{ role: 'user', content: 'What is 17+25?' }];
const WEATHER = {
	type: 'function',
	function: {
		name: 'weather',
		description: 'Of a city',
		parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
	},
};
const CALL = [
	'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city":"Oslo"}',
	'\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
];

/** Answers as `thinkThenSay` does, and keeps what it was asked. */
function recorded(thought: string, content: string) {
	const asked: GenerateRequest[] = [];
	const script: FakeScript = (turn) => {
		asked.push(turn.request);
		return thinkThenSay(thought, content)(turn);
	};
	return { asked, script };
}

function promptOf(request: GenerateRequest | undefined): string {
	return request?.prompt.map((part) => ('text' in part ? part.text : '')).join('') ?? '';
}

test("Ollama's own client streams thought and answer, and gets the figures at the end", async () => {
	const { listen } = await startGateway();
	const client = new Ollama({ host: await listen() });
	let thinking = '';
	let content = '';
	const lines = [];
	for await (const line of await client.chat({ model: 'fake', messages: MESSAGES, stream: true })) {
		ollamaChatLineSchema.parse(line);
		thinking += line.message.thinking ?? '';
		content += line.message.content;
		lines.push(line);
	}
	expect([thinking, content]).toEqual(['Add them.', 'It is 42.']);
	const last = ollamaChatLineSchema.parse(lines.at(-1));
	expect(last).toMatchObject({
		model: 'fake',
		done: true,
		done_reason: 'stop',
		prompt_eval_count: 10,
		eval_count: 6,
	});
	const { total_duration: total = 0, load_duration: load = 0 } = last;
	const parts = load + (last.prompt_eval_duration ?? 0) + (last.eval_duration ?? 0);
	expect(total).toBeGreaterThan(0);
	expect(Math.abs(total - parts)).toBeLessThan(10); // rounded one by one
});

test('a whole answer is what the stream adds up to', async () => {
	const { listen } = await startGateway();
	const client = new Ollama({ host: await listen() });
	const whole = await client.chat({ model: 'fake:latest', messages: MESSAGES, stream: false, think: true });
	expect(ollamaChatLineSchema.parse(whole)).toMatchObject({
		model: 'fake:latest',
		message: { role: 'assistant', content: 'It is 42.', thinking: 'Add them.' },
		done: true,
		done_reason: 'stop',
		prompt_eval_count: 10,
		eval_count: 6,
	});
	const generated = await client.generate({ model: 'fake', prompt: 'What is 17+25?', system: 'Be short.' });
	expect(ollamaGenerateLineSchema.parse(generated)).toMatchObject({
		response: 'It is 42.',
		thinking: 'Add them.',
		done: true,
	});
});

test('lines are JSON each, and streaming is what is done when nobody says otherwise', async () => {
	const { app } = await startGateway();
	const response = await app.inject({
		method: 'POST',
		url: '/api/generate',
		payload: { model: 'fake', prompt: 'Hi', stream: null },
	});
	expect(response.headers['content-type']).toBe('application/x-ndjson');
	const lines = response.body.trimEnd().split('\n');
	const parsed = lines.map((line) => ollamaGenerateLineSchema.parse(JSON.parse(line)));
	expect(parsed.map((line) => line.thinking ?? '').join('')).toBe('Add them.');
	expect(parsed.map((line) => line.response).join('')).toBe('It is 42.');
	expect(parsed.map((line) => line.done)).toEqual([...parsed.slice(1).map(() => false), true]);
});

test('options, format and switch reach the generation', async () => {
	const { asked, script } = recorded('', '{}');
	const { app } = await startGateway({ script });
	const options = { temperature: 0, top_k: 7, top_p: 0.5, min_p: 0.1, seed: 5, num_predict: 33, num_ctx: 4096 };
	const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
	const response = await app.inject({
		method: 'POST',
		url: '/api/chat',
		payload: { model: 'fake', messages: MESSAGES, stream: false, think: false, options, format: schema },
	});
	expect(response.statusCode).toBe(200);
	expect(response.json().message).toEqual({ role: 'assistant', content: '{}' });
	expect(asked[0]?.phases.map(({ name }) => name)).toEqual(['answer']);
	expect(asked[0]?.phases[0]?.sampling).toMatchObject({ temperature: 0, topK: 7, topP: 0.5, minP: 0.1, seed: 5 });
	expect(asked[0]?.phases[0]?.grammar?.gbnf).toContain('a');
	expect(asked[0]?.maxTokens).toBe(33);
});

test('a call comes whole, with its arguments as an object, and its result finds the way back', async () => {
	const { asked, script } = recorded('Look it up.', CALL.join(''));
	const { listen } = await startGateway({ script });
	const client = new Ollama({ host: await listen() });
	const request = { model: 'fake', messages: MESSAGES, tools: [WEATHER] };
	const { message, done_reason } = await client.chat(request);
	expect(message.tool_calls).toMatchObject([{ function: { name: 'weather', arguments: { city: 'Oslo' } } }]);
	expect([message.content, done_reason]).toEqual(['', 'stop']);
	const streamed = [];
	for await (const line of await client.chat({ ...request, stream: true })) {
		streamed.push(...(line.message.tool_calls ?? []));
	}
	expect(streamed).toMatchObject([{ function: { name: 'weather', arguments: { city: 'Oslo' } } }]);

	const twice = {
		...message,
		tool_calls: [...(message.tool_calls ?? []), { function: { name: 'clock', arguments: {} } }],
	};
	const results = [
		{ role: 'tool', tool_name: 'clock', content: 'Noon.' },
		{ role: 'tool', tool_name: 'weather', content: 'Rain.' },
	];
	await client.chat({ ...request, messages: [...MESSAGES, twice, ...results] });
	const prompt = promptOf(asked.at(-1));
	expect(prompt).toContain('{"city":"Oslo"}');
	expect(prompt.indexOf('Noon.')).toBeLessThan(prompt.indexOf('Rain.'));
	expect(prompt).not.toContain('Look it up.');
});

test('a thought that the operator hides is not shown', async () => {
	const { app } = await startGateway({ config: { reasoning: { field: 'hidden' } } });
	for (const stream of [true, false]) {
		const payload = { model: 'fake', messages: MESSAGES, think: true, stream };
		const { body } = await app.inject({ method: 'POST', url: '/api/chat', payload });
		expect(body).toContain('42.');
		expect(body).not.toContain('thinking');
	}
});

test('a call that the tokens cut short is not told as one', async () => {
	const { app } = await startGateway({
		script: async (turn) => {
			const events = eventsOf('So.', (CALL[0] ?? '').slice(0, -3));
			const end = events.at(-1);
			if (end?.type === 'generation-end') end.finishReason = 'length';
			await turn.send(...events);
			turn.end();
		},
	});
	const payload = { model: 'fake', messages: MESSAGES, tools: [WEATHER], stream: false };
	const line = (await app.inject({ method: 'POST', url: '/api/chat', payload })).json();
	expect([line.message.tool_calls, line.done_reason]).toEqual([undefined, 'length']);
});

test('who asks nothing is told that the model is loaded', async () => {
	const { app, worker } = await startGateway();
	for (const [url, payload] of [
		['/api/chat', { model: 'fake', messages: [] }],
		['/api/generate', { model: 'fake', prompt: '' }],
		['/api/generate', { model: 'fake', keep_alive: 0 }],
	] as const) {
		const response = await app.inject({ method: 'POST', url, payload });
		expect(response.json()).toMatchObject({ done: true, done_reason: 'load' });
	}
	expect(worker.received).toEqual([]);
});

test('a silence is bridged by a line that adds nothing', async () => {
	let speak = () => {};
	const silence = new Promise<void>((resolve) => {
		speak = resolve;
	});
	const { listen } = await startGateway({
		config: { server: { heartbeatSeconds: 1 } },
		script: async (turn) => {
			await turn.send(START);
			await silence;
			await turn.send(...eventsOf('So.', 'Done.').slice(1));
			turn.end();
		},
	});
	const client = new Ollama({ host: await listen() });
	let lines = 0;
	let content = '';
	for await (const line of await client.chat({ model: 'fake', messages: MESSAGES, stream: true })) {
		if (lines++ === 0) {
			expect(ollamaChatLineSchema.parse(line)).toMatchObject({ message: { content: '' }, done: false });
			speak();
		}
		content += line.message.content;
	}
	expect(content).toBe('Done.');
});

const REFUSED: [object, string][] = [
	[{ options: { temperature: 3 } }, 'options.temperature'],
	[{ options: { num_predict: 'many' } }, 'options.num_predict'],
	[{ options: { mirostat: 2 } }, 'mirostat'],
	[{ options: { stop: ['a', 'b', 'c', 'd', 'e'] } }, 'options.stop'],
	[{ format: { type: 'object', properties: { a: { not: { type: 'null' } } } } }, "'format.properties.a.not'"],
	[{ format: 'xml' }, 'format'],
	[{ messages: [{ role: 'user', content: 'Hi', images: ['aGk='] }] }, 'messages[0].images'],
	[{ messages: [{ role: 'robot', content: 'Hi' }] }, 'messages[0].role'],
	[{ messages: 'Hi' }, 'messages'],
	[{ think: 'a lot' }, 'think'],
	[{ model: undefined }, 'model'],
	[{ top_logprobs: 3 }, 'top_logprobs'],
];

test.each(REFUSED)('%j is a 400 in their form that names %s', async (wrong, named) => {
	const { app, worker } = await startGateway();
	const payload = { model: 'fake', messages: MESSAGES, ...wrong };
	const response = await app.inject({ method: 'POST', url: '/api/chat', payload });
	expect(response.statusCode).toBe(400);
	expect(Object.keys(response.json())).toEqual(['error']);
	expect(response.json().error).toContain(named);
	expect(worker.received).toEqual([]);
});

test('what the raw endpoint would need is refused with the way to go', async () => {
	const { app } = await startGateway();
	for (const [wrong, hint] of [
		[{ suffix: 'end' }, 'suffix'],
		[{ raw: true }, '/v1/completions'],
		[{ template: '{{ .Prompt }}' }, 'template'],
		[{ context: [1, 2] }, '/api/chat'],
	] as const) {
		const payload = { model: 'fake', prompt: 'Hi', ...wrong };
		const response = await app.inject({ method: 'POST', url: '/api/generate', payload });
		expect([response.statusCode, response.json().error]).toEqual([400, expect.stringContaining(hint)]);
	}
});

test('failures are theirs in form: before the first line, in mid-stream, for unknown models and unknown paths', async () => {
	const { app, listen } = await startGateway({ script: diesAfterAWord });
	const client = new Ollama({ host: await listen() });
	await expect(client.chat({ model: 'other', messages: MESSAGES })).rejects.toMatchObject({
		status_code: 404,
		error: expect.stringContaining('other'),
	});
	const read = async () => {
		for await (const _ of await client.chat({ model: 'fake', messages: MESSAGES, stream: true }));
	};
	await expect(read()).rejects.toThrow('worker');
	await expect(client.chat({ model: 'fake', messages: MESSAGES })).rejects.toMatchObject({ status_code: 500 });
	const unknown = await app.inject({ method: 'POST', url: '/api/pull', payload: { model: 'x' } });
	expect([unknown.statusCode, Object.keys(unknown.json())]).toEqual([404, ['error']]);
});

test('a client that leaves frees the slot', async () => {
	const { listen, worker } = await startGateway({
		script: async (turn) => {
			await turn.send(START, ...eventsOf('So.', '').slice(2, 3));
			await turn.closed;
		},
	});
	const client = new Ollama({ host: await listen() });
	const stream = await client.chat({ model: 'fake', messages: MESSAGES, stream: true });
	for await (const _ of stream) break;
	stream.abort();
	await until(() => worker.running() === 0);
});

test('keys count as everywhere', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	for (const url of ['/api/tags', '/api/version', '/api/ps', '/']) {
		const refused = await app.inject({ method: 'GET', url });
		expect(refused.statusCode).toBe(401);
		expect((await app.inject({ method: 'GET', url, headers: bearer(KEY) })).statusCode).toBe(200);
		if (url !== '/') expect(Object.keys(refused.json())).toEqual(['error']);
	}
});
