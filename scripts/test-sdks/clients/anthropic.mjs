// Anthropic's own client, on /v1/messages.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';
import * as h from './harness.mjs';

// Null, so that what the environment holds of the caller's own is left out of it.
const common = { baseURL: new URL(h.baseURL).origin, authToken: null };
const client = new Anthropic({ ...common, apiKey: h.apiKey });
const stranger = new Anthropic({ ...common, apiKey: 'sk-wrong' });
const ask = (content, more = {}) => ({
	model: h.model,
	temperature: 0,
	max_tokens: 1000,
	messages: [{ role: 'user', content }],
	...more,
});
const thinking = { type: 'enabled', budget_tokens: 500 };
const Result = z.object({ result: z.number().int() });
const getWeather = {
	name: 'get_weather',
	input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const textOf = (message) => message.content.find(({ type }) => type === 'text')?.text;
const thoughtOf = (message) => message.content.find(({ type }) => type === 'thinking')?.thinking;

function fails(promise, kind, type) {
	return h.refuses(promise, (error) => {
		assert.ok(error instanceof kind, error);
		assert.equal(error.type, type);
	});
}

await h.runClient('@anthropic-ai/sdk', `${h.versionOf('@anthropic-ai/sdk')}, Node ${process.versions.node}`, {
	whole: async () => {
		const message = await client.messages.create(ask(h.sum));
		assert.deepEqual(
			message.content.map(({ type }) => type),
			['text'],
		);
		h.isSum(textOf(message));
		assert.equal(message.stop_reason, 'end_turn');
		assert.ok(message.usage.output_tokens > 0);
		assert.ok(message._request_id);
	},
	streamed: async () => {
		const types = [];
		let text = '';
		for await (const event of await client.messages.create(ask(h.sum, { stream: true }))) {
			types.push(event.type);
			if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
		}
		h.isSum(text);
		assert.equal(types[0], 'message_start');
		assert.equal(types.at(-1), 'message_stop');
		const message = await client.messages.stream(ask(h.sum)).finalMessage();
		h.isSum(textOf(message));
		assert.ok(message.usage.output_tokens > 0);
	},
	reasoning: async () => {
		h.isThought(thoughtOf(await client.messages.create(ask(h.sum, { thinking }))));
		let told = '';
		const stream = client.messages.stream(ask(h.sum, { thinking })).on('thinking', (delta) => {
			told += delta;
		});
		const message = await stream.finalMessage();
		h.isThought(told);
		assert.equal(thoughtOf(message), told);
		h.isSum(textOf(message));
	},
	tools: async () => {
		const more = { thinking, tools: [getWeather] };
		const asked = await client.messages.create(ask(h.weather, more));
		assert.equal(asked.stop_reason, 'tool_use');
		const call = asked.content.find(({ type }) => type === 'tool_use');
		assert.equal(call.name, 'get_weather');
		assert.deepEqual(call.input, { city: 'Paris' });
		const result = { type: 'tool_result', tool_use_id: call.id, content: h.toolResult };
		const messages = [
			{ role: 'user', content: h.weather },
			{ role: 'assistant', content: asked.content },
			{ role: 'user', content: [result] },
		];
		assert.ok(textOf(await client.messages.create(ask('', { ...more, messages }))).includes(h.toolResult));
		const streamed = await client.messages.stream(ask(h.weather, more)).finalMessage();
		assert.deepEqual(streamed.content.find(({ type }) => type === 'tool_use').input, { city: 'Paris' });
	},
	structured: async () => {
		const message = await client.messages.parse(
			ask(h.sumAsJson, { output_config: { format: zodOutputFormat(Result) } }),
		);
		assert.deepEqual(message.parsed_output, { result: 42 });
	},
	...h.withoutResponses('it has an API of its own'),
	'wrong key': () => fails(stranger.messages.create(ask(h.sum)), Anthropic.AuthenticationError, 'authentication_error'),
	'unknown model': () =>
		fails(client.messages.create(ask(h.sum, { model: 'nobody' })), Anthropic.NotFoundError, 'not_found_error'),
	'too long': () => fails(client.messages.create(ask(h.tooLong)), Anthropic.BadRequestError, 'invalid_request_error'),
	abort: () =>
		h.abortFrees((signal) =>
			client.messages.create(
				ask(h.sum, {
					stream: true,
					max_tokens: h.endlessTokens,
					output_config: { format: { type: 'json_schema', schema: h.endlessSchema } },
				}),
				{ signal },
			),
		),
});
