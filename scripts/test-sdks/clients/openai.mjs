// openai-node: the same program for 6 and 7.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import * as h from './harness.mjs';

const client = new OpenAI({ baseURL: h.baseURL, apiKey: h.apiKey });
const stranger = new OpenAI({ baseURL: h.baseURL, apiKey: 'sk-wrong' });
const ask = (content, more = {}) => ({
	model: h.model,
	temperature: 0,
	messages: [{ role: 'user', content }],
	...more,
});
const Result = z.object({ result: z.number().int() });
const getWeather = {
	type: 'function',
	function: {
		name: 'get_weather',
		parse: JSON.parse,
		parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
		function: () => h.toolResult,
	},
};

async function collect(stream) {
	const seen = { content: '', reasoning: '', finish: null, usage: null };
	for await (const chunk of stream) {
		const choice = chunk.choices[0];
		seen.content += choice?.delta.content ?? '';
		seen.reasoning += choice?.delta.reasoning_content ?? '';
		seen.finish = choice?.finish_reason ?? seen.finish;
		seen.usage = chunk.usage ?? seen.usage;
	}
	return seen;
}

const version = h.versionOf('openai');
await h.runClient(`openai (Node) ${version.split('.')[0]}`, `${version}, Node ${process.versions.node}`, {
	whole: async () => {
		const completion = await client.chat.completions.create(ask(h.sum));
		h.isSum(completion.choices[0].message.content);
		assert.equal(completion.choices[0].finish_reason, 'stop');
		assert.ok(completion.usage.completion_tokens > 0);
		assert.ok(completion._request_id);
	},
	streamed: async () => {
		const more = { stream: true, stream_options: { include_usage: true } };
		const seen = await collect(await client.chat.completions.create(ask(h.sum, more)));
		h.isSum(seen.content);
		assert.equal(seen.finish, 'stop');
		assert.ok(seen.usage.completion_tokens > 0);
		const helper = client.chat.completions.stream(ask(h.sum));
		h.isSum(await helper.finalContent());
	},
	reasoning: async () => {
		const { choices } = await client.chat.completions.create(ask(h.sum));
		h.isThought(choices[0].message.reasoning_content);
		h.isThought((await collect(await client.chat.completions.create(ask(h.sum, { stream: true })))).reasoning);
	},
	tools: async () => {
		const runner = client.chat.completions.runTools(ask(h.weather, { tools: [getWeather] }));
		assert.ok((await runner.finalContent()).includes(h.toolResult));
		const called = await runner.finalFunctionToolCall();
		assert.equal(called.name, 'get_weather');
		assert.deepEqual(JSON.parse(called.arguments), { city: 'Paris' });
		const streamed = client.chat.completions.runTools(ask(h.weather, { stream: true, tools: [getWeather] }));
		assert.ok((await streamed.finalContent()).includes(h.toolResult));
	},
	structured: async () => {
		const format = { response_format: zodResponseFormat(Result, 'sum') };
		const completion = await client.chat.completions.parse(ask(h.sumAsJson, format));
		assert.deepEqual(completion.choices[0].message.parsed, { result: 42 });
	},
	responses: async () => {
		const response = await client.responses.create({ model: h.model, input: h.sum, temperature: 0 });
		h.isSum(response.output_text);
		assert.equal(response.status, 'completed');
		assert.ok(response.output.some((item) => item.type === 'reasoning'));
		const more = { input: 'Now add 8 to it.', previous_response_id: response.id, temperature: 0 };
		assert.match((await client.responses.create({ model: h.model, ...more })).output_text, /50/);
		const parsed = await client.responses.parse({
			model: h.model,
			input: h.sumAsJson,
			temperature: 0,
			text: { format: zodTextFormat(Result, 'sum') },
		});
		assert.deepEqual(parsed.output_parsed, { result: 42 });
		assert.equal((await client.responses.retrieve(response.id)).id, response.id);
	},
	'responses streamed': async () => {
		const types = [];
		let text = '';
		const body = { model: h.model, input: h.sum, temperature: 0, stream: true };
		for await (const event of await client.responses.create(body)) {
			assert.equal(event.sequence_number, types.length);
			types.push(event.type);
			if (event.type === 'response.output_text.delta') text += event.delta;
		}
		h.isSum(text);
		assert.equal(types[0], 'response.created');
		assert.equal(types.at(-1), 'response.completed');
		const helper = client.responses.stream({ model: h.model, input: h.sum, temperature: 0 });
		h.isSum((await helper.finalResponse()).output_text);
	},
	'wrong key': () =>
		h.refuses(stranger.chat.completions.create(ask(h.sum)), (error) => {
			assert.ok(error instanceof OpenAI.AuthenticationError, error);
			assert.equal(error.code, 'invalid_api_key');
		}),
	'unknown model': () =>
		h.refuses(client.chat.completions.create(ask(h.sum, { model: 'nobody' })), (error) => {
			assert.ok(error instanceof OpenAI.NotFoundError, error);
			assert.equal(error.code, 'model_not_found');
		}),
	'too long': () =>
		h.refuses(client.chat.completions.create(ask(h.tooLong)), (error) => {
			assert.ok(error instanceof OpenAI.BadRequestError, error);
			assert.equal(error.code, 'context_length_exceeded');
		}),
	abort: () =>
		h.abortFrees((signal) =>
			client.chat.completions.create(ask(h.sum, { stream: true, max_tokens: h.endlessTokens, ...h.endless }), {
				signal,
			}),
		),
});
