import { describe, expect, test } from 'vitest';
import { toChatRequest, toResponsesTerms } from '../../../src/chat/apis/responses-to-chat.ts';
import { contextLengthExceeded, invalidRequest, overloaded } from '../../../src/errors.ts';
import type { ConversationItem } from '../../../src/protocol/responses-input.ts';
import { parseResponsesRequest } from '../../../src/protocol/responses-request.ts';

function chatOf(body: object) {
	const request = parseResponsesRequest({ model: 'm', input: 'hi', ...body });
	const items = (request.input ?? []).filter((item): item is ConversationItem => item.type !== 'item_reference');
	return toChatRequest(request, items);
}

describe('the conversation', () => {
	test('a string is one user message, instructions come before it', () => {
		expect(chatOf({ instructions: 'Be brief.' }).messages).toMatchObject([
			{ role: 'system', content: 'Be brief.' },
			{ role: 'user', content: 'hi' },
		]);
	});

	test('messages may leave out their type, and parts are lines', () => {
		const input = [
			{ role: 'developer', content: 'Rules.' },
			{
				role: 'user',
				content: [
					{ type: 'input_text', text: 'a' },
					{ type: 'input_text', text: 'b' },
				],
			},
		];
		expect(chatOf({ input }).messages).toMatchObject([
			{ role: 'developer', content: 'Rules.' },
			{ role: 'user', content: 'a\nb' },
		]);
	});

	test('the items of one turn of the model are one message; its thought is left out', () => {
		const input = [
			{ role: 'user', content: 'Weather?' },
			{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }] },
			{
				type: 'message',
				id: 'msg_1',
				role: 'assistant',
				status: 'completed',
				content: [{ type: 'output_text', text: 'Looking.', annotations: [], logprobs: [] }],
			},
			{ type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}', status: 'completed' },
			{ type: 'function_call', call_id: 'call_2', name: 'g', arguments: '{"a":1}' },
			{ type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
			{ type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'warm' }] },
		];
		expect(chatOf({ input }).messages).toMatchObject([
			{ role: 'user', content: 'Weather?' },
			{
				role: 'assistant',
				content: 'Looking.',
				tool_calls: [
					{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } },
					{ id: 'call_2', type: 'function', function: { name: 'g', arguments: '{"a":1}' } },
				],
			},
			{ role: 'tool', content: 'sunny', tool_call_id: 'call_1' },
			{ role: 'tool', content: 'warm', tool_call_id: 'call_2' },
		]);
	});

	test('calls without a text before them are a message of their own', () => {
		const input = [
			{ role: 'user', content: 'Weather?' },
			{ type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
		];
		expect(chatOf({ input }).messages.at(-1)).toMatchObject({ role: 'assistant', content: '' });
	});
});

test('every field has its place in the chat request', () => {
	expect(
		chatOf({
			max_output_tokens: 50,
			temperature: 0,
			text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
			reasoning: { effort: 'low', summary: 'auto', max_tokens: 20 },
			seed: 7,
			stream: true,
			metadata: { a: 'b' },
		}),
	).toMatchObject({
		max_completion_tokens: 50,
		temperature: 0,
		response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
		verbosity: 'low',
		reasoning: { effort: 'low', max_tokens: 20 },
		seed: 7,
		stream: true,
	});
});

describe('what is refused', () => {
	const refusalOf = (body: object) => {
		try {
			chatOf(body);
		} catch (error) {
			return error;
		}
		throw new Error('was not refused');
	};

	test.each([
		[{ background: true }, 'background'],
		[{ conversation: 'conv_1' }, 'conversation'],
		[{ prompt: { id: 'pmpt_1' } }, 'prompt'],
		[{ context_management: [] }, 'context_management'],
		[{ moderation: {} }, 'moderation'],
		[{ truncation: 'auto' }, 'truncation'],
		[{ input: [] }, 'input'],
		[{ input: null }, 'input'],
		[{ input: 7 }, 'input'],
		[{ input: [{ type: 'web_search_call', id: 'ws_1' }] }, 'input[0].type'],
		[{ input: [{ role: 'tool', content: 'x' }] }, 'input[0].role'],
		[{ input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] }, 'input[0].content[0].type'],
		[{ input: [{}] }, 'input[0].type'],
		[{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
		[{ tool_choice: { type: 'function', name: 'f' } }, 'tool_choice'],
		[{ tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } }, 'tool_choice.type'],
		[{ text: { format: { type: 'grammar' } } }, 'text.format.type'],
		[{ reasoning: { effort: 'huge' } }, 'reasoning.effort'],
		[{ max_output_tokens: 0 }, 'max_output_tokens'],
		[{ repeat_penalty: 1.1, repetition_penalty: 1.2 }, 'repeat_penalty'],
	])('%j names %s', (body, param) => {
		expect(refusalOf(body)).toMatchObject({ status: 400, type: 'invalid_request_error', param });
	});

	test('text: {} and null fields say nothing', () => {
		const chat = chatOf({ text: {}, tools: null, reasoning: null, truncation: 'disabled', background: false });
		expect(chat.response_format).toBeUndefined();
	});

	test.each([
		['messages', 'input'],
		['messages[3].content', 'input'],
		['response_format', 'text.format'],
		['response_format.json_schema.schema.properties.a', 'text.format.schema.properties.a'],
		['tools[2].function.parameters.items', 'tools[2].parameters.items'],
		['tool_choice.function.name', 'tool_choice.name'],
		['reasoning.effort', 'reasoning.effort'],
		['logprobs', 'include'],
	])('%s of the chat request is told as %s', (param, own) => {
		expect(toResponsesTerms(invalidRequest(param, 'invalid_value', `'${param}' is wrong.`))).toMatchObject({
			param: own,
			message: `'${own}' is wrong.`,
			code: 'invalid_value',
			status: 400,
		});
	});

	test('too long a prompt is the input, and what has no parameter stays as it is', () => {
		expect(toResponsesTerms(contextLengthExceeded(10, 20))).toMatchObject({
			param: 'input',
			code: 'context_length_exceeded',
		});
		const error = overloaded('No.');
		expect(toResponsesTerms(error)).toBe(error);
	});
});
