// Ollama's own JavaScript client, on /api/chat.
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
import * as h from './harness.mjs';

const host = new URL(h.baseURL).origin;
const clientWith = (key) => new Ollama({ host, headers: { authorization: `Bearer ${key}` } });
const client = clientWith(h.apiKey);
const ask = (content, more = {}) => ({
	model: h.model,
	options: { temperature: 0 },
	messages: [{ role: 'user', content }],
	...more,
});
const schema = { type: 'object', properties: { result: { type: 'integer' } }, required: ['result'] };
const getWeather = {
	type: 'function',
	function: {
		name: 'get_weather',
		parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
	},
};

async function collect(stream) {
	const seen = { content: '', thinking: '', calls: [], last: null };
	for await (const line of stream) {
		seen.content += line.message.content;
		seen.thinking += line.message.thinking ?? '';
		seen.calls.push(...(line.message.tool_calls ?? []));
		seen.last = line;
	}
	return seen;
}

function fails(promise, status, said) {
	return h.refuses(promise, (error) => {
		assert.equal(error.name, 'ResponseError', error);
		assert.equal(error.status_code, status);
		assert.match(error.message, said);
	});
}

await h.runClient('ollama', `${h.versionOf('ollama')}, Node ${process.versions.node}`, {
	whole: async () => {
		const answer = await client.chat(ask(h.sum));
		h.isSum(answer.message.content);
		assert.equal(answer.done_reason, 'stop');
		assert.ok(answer.eval_count > 0);
	},
	streamed: async () => {
		const { content, last } = await collect(await client.chat(ask(h.sum, { stream: true })));
		h.isSum(content);
		assert.equal(last.done, true);
		assert.equal(last.done_reason, 'stop');
		assert.ok(last.eval_count > 0);
	},
	reasoning: async () => {
		h.isThought((await client.chat(ask(h.sum, { think: true }))).message.thinking);
		h.isThought((await collect(await client.chat(ask(h.sum, { think: true, stream: true })))).thinking);
		const silent = await client.chat(ask(h.sum, { think: false }));
		assert.equal(silent.message.thinking ?? '', '');
	},
	tools: async () => {
		const more = { tools: [getWeather] };
		const { message } = await client.chat(ask(h.weather, more));
		assert.equal(message.tool_calls?.length, 1, message.content);
		const [call] = message.tool_calls;
		assert.equal(call.function.name, 'get_weather');
		assert.deepEqual(call.function.arguments, { city: 'Paris' });
		const messages = [
			{ role: 'user', content: h.weather },
			message,
			{ role: 'tool', tool_name: 'get_weather', content: h.toolResult },
		];
		const answer = await client.chat(ask('', { ...more, messages }));
		assert.ok(answer.message.content.includes(h.toolResult), answer.message.content);
		const { calls } = await collect(await client.chat(ask(h.weather, { ...more, stream: true })));
		assert.deepEqual(calls[0].function.arguments, { city: 'Paris' });
	},
	structured: async () => {
		const { message } = await client.chat(ask(h.sumAsJson, { format: schema }));
		assert.deepEqual(JSON.parse(message.content), { result: 42 });
		JSON.parse((await client.chat(ask(h.sumAsJson, { format: 'json' }))).message.content);
	},
	...h.withoutResponses('it has an API of its own'),
	'wrong key': () => fails(clientWith('sk-wrong').chat(ask(h.sum)), 401, /API key/),
	'unknown model': () => fails(client.chat(ask(h.sum, { model: 'nobody' })), 404, /nobody/),
	'too long': () => fails(client.chat(ask(h.tooLong)), 400, /context/),
	abort: () =>
		h.abortFrees(async (signal) => {
			const more = { stream: true, format: h.endlessSchema, options: { num_predict: h.endlessTokens } };
			const stream = await client.chat(ask(h.sum, more));
			signal.addEventListener('abort', () => stream.abort());
			return stream;
		}),
});
