import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetortError } from '../../src/errors.ts';
import { parseChatRequest } from '../../src/protocol/chat-request.ts';

const valid = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

function failure(body: unknown): { param: string | null; code: string | null; message: string } {
	try {
		parseChatRequest(body);
	} catch (error) {
		if (!(error instanceof RetortError)) throw error;
		expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' });
		return { param: error.param, code: error.code, message: error.message };
	}
	throw new Error('the request was accepted');
}

describe('what is absent', () => {
	test('null means absent in every optional field', () => {
		const fields =
			`stream stream_options max_completion_tokens max_tokens temperature top_p top_k min_p presence_penalty
			frequency_penalty repetition_penalty repeat_penalty seed logit_bias stop n logprobs top_logprobs response_format
			tools tool_choice parallel_tool_calls functions function_call modalities audio web_search_options moderation
			reasoning_effort reasoning thinking think chat_template_kwargs thinking_token_budget thinking_budget_tokens
			reasoning_budget_tokens max_thinking_tokens max_thinking_ms reasoning_field include_reasoning separate_reasoning
			reasoning_format user safety_identifier prompt_cache_key prompt_cache_retention metadata store service_tier
			verbosity prediction`.split(/\s+/);
		const nulls = Object.fromEntries(fields.map((field) => [field, null]));
		const request = parseChatRequest({ ...valid, ...nulls });
		expect(Object.values(request).filter((value) => value !== undefined)).toEqual(['m', valid.messages]);
	});

	test('null means absent inside objects too', () => {
		const body = {
			...valid,
			stream: true,
			stream_options: { include_usage: null },
			reasoning: { effort: null, max_tokens: null, enabled: null, exclude: null },
			thinking: { type: null, budget_tokens: null },
			chat_template_kwargs: { enable_thinking: null },
		};
		expect(() => parseChatRequest(body)).not.toThrow();
	});

	test('a required field that is missing or null is named', () => {
		expect(failure({ messages: valid.messages })).toMatchObject({ param: 'model', code: 'missing_required_parameter' });
		expect(failure({ ...valid, messages: null })).toMatchObject({
			param: 'messages',
			code: 'missing_required_parameter',
			message: "Missing required parameter: 'messages'.",
		});
		expect(failure({ ...valid, messages: [{ role: 'user' }] })).toMatchObject({
			param: 'messages[0].content',
			code: 'missing_required_parameter',
		});
	});
});

describe('what is ignored', () => {
	test('unknown fields, as the AI SDK forwards them', () => {
		const request = parseChatRequest({ ...valid, guided_json: {}, foo: 1 });
		expect(request).not.toHaveProperty('foo');
	});

	test('fields that would change nothing here', () => {
		const body = {
			...valid,
			user: 'u',
			metadata: { a: 'b' },
			store: true,
			service_tier: 'auto',
			verbosity: 'low',
			prediction: { type: 'content', content: 'x' },
			parallel_tool_calls: true,
			modalities: ['text'],
		};
		expect(() => parseChatRequest(body)).not.toThrow();
	});

	test('the neutral value of what is not built yet', () => {
		const body = {
			...valid,
			tools: [],
			tool_choice: null,
			response_format: { type: 'text' },
			n: 1,
			logprobs: false,
			function_call: 'none',
		};
		expect(() => parseChatRequest(body)).not.toThrow();
	});
});

test.each<[string, unknown]>([
	['functions', [{ name: 'f' }]],
	['function_call', 'auto'],
	['modalities', ['text', 'audio']],
	['audio', { voice: 'alloy' }],
	['web_search_options', {}],
	['moderation', {}],
])('%s that cannot be honoured is refused, never ignored: %j', (field, value) => {
	expect(failure({ ...valid, [field]: value })).toMatchObject({ param: field, code: 'unsupported_parameter' });
});

describe('messages', () => {
	const parse = (...messages: unknown[]) => parseChatRequest({ ...valid, messages }).messages;

	test('text parts become lines of one text, in every role', () => {
		const content = [
			{ type: 'text', text: 'a' },
			{ type: 'text', text: 'b' },
		];
		const roles = ['system', 'developer', 'user', 'assistant'];
		const parsed = parse(...roles.map((role) => ({ role, content })), { role: 'tool', tool_call_id: 'x', content });
		expect(parsed.map((message) => message.content)).toEqual(['a\nb', 'a\nb', 'a\nb', 'a\nb', 'a\nb']);
	});

	test('a refusal is what the assistant said', () => {
		expect(parse({ role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] })[0]?.content).toBe('No.');
		expect(parse({ role: 'assistant', content: null, refusal: 'No.' })[0]?.content).toBe('No.');
	});

	test('an assistant message may have no content when it has tool calls, or only a thought', () => {
		const tool_calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }];
		expect(parse({ role: 'assistant', tool_calls })[0]).toMatchObject({ content: '', tool_calls });
		expect(parse({ role: 'assistant', content: null, reasoning_content: 'hm' })[0]?.content).toBe('');
		expect(parse({ role: 'assistant', content: null, reasoning: 'hm' })[0]?.content).toBe('');
		expect(failure({ ...valid, messages: [{ role: 'assistant', content: null }] })).toMatchObject({
			param: 'messages[0].content',
			code: 'missing_required_parameter',
		});
	});

	test.each([['image_url'], ['input_audio'], ['file'], ['video_url']])('a part of type %s is refused', (type) => {
		const content = [
			{ type: 'text', text: 'look' },
			{ type, [type]: { url: 'http://127.0.0.1:1/' } },
		];
		const { param, message } = failure({ ...valid, messages: [{ role: 'user', content }] });
		expect(param).toBe('messages[0].content[1].type');
		expect(message).toContain(`Content parts of type '${type}' are not supported`);
	});

	test.each<[unknown, string, string]>([
		[[], 'messages', 'invalid_value'],
		['Hi', 'messages', 'invalid_type'],
		[['Hi'], 'messages[0]', 'invalid_type'],
		[[{ role: 'robot', content: 'x' }], 'messages[0].role', 'invalid_value'],
		[[{ role: 'function', name: 'f', content: 'x' }], 'messages[0].role', 'invalid_value'],
		[[{ content: 'x' }], 'messages[0].role', 'missing_required_parameter'],
		[[{ role: 'user', content: 7 }], 'messages[0].content', 'invalid_type'],
		[[{ role: 'user', content: [] }], 'messages[0].content', 'invalid_value'],
		[[{ role: 'user', content: [{ type: 'text' }] }], 'messages[0].content[0].text', 'missing_required_parameter'],
		[[{ role: 'user', content: [{ type: 'text', text: 1 }] }], 'messages[0].content[0].text', 'invalid_type'],
		[[{ role: 'tool', content: 'x' }], 'messages[0].tool_call_id', 'missing_required_parameter'],
		[
			[{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: {} } }] }],
			'messages[0].tool_calls[0].function.arguments',
			'invalid_type',
		],
		[
			[{ role: 'assistant', content: 'x', function_call: { name: 'f', arguments: '' } }],
			'messages[0].function_call',
			'unsupported_parameter',
		],
		[Array(2049).fill({ role: 'user', content: 'x' }), 'messages', 'invalid_value'],
	])('%j is wrong at %s', (messages, param, code) => {
		expect(failure({ ...valid, messages })).toMatchObject({ param, code });
	});
});

describe('numbers', () => {
	test.each<[string, unknown, string]>([
		['temperature', 2.1, 'invalid_value'],
		['temperature', -0.1, 'invalid_value'],
		['temperature', '1', 'invalid_type'],
		['temperature', Number.NaN, 'invalid_type'],
		['top_p', 1.1, 'invalid_value'],
		['top_k', 1.5, 'invalid_type'],
		['top_k', -2, 'invalid_value'],
		['top_k', 2 ** 31, 'invalid_value'],
		['min_p', -1, 'invalid_value'],
		['presence_penalty', 2.5, 'invalid_value'],
		['frequency_penalty', -3, 'invalid_value'],
		['repetition_penalty', 0, 'invalid_value'],
		['max_tokens', 0, 'invalid_value'],
		['max_tokens', 1.5, 'invalid_type'],
		['max_completion_tokens', -1, 'invalid_value'],
		['max_tokens', Number.POSITIVE_INFINITY, 'invalid_type'],
		['seed', 1.5, 'invalid_value'],
		['n', 0, 'invalid_value'],
		['n', 9, 'invalid_value'],
		['top_logprobs', 21, 'invalid_value'],
		['max_thinking_tokens', -2, 'invalid_value'],
		['max_thinking_ms', 0, 'invalid_value'],
		['stream', 'true', 'invalid_type'],
	])('%s: %s is refused', (field, value, code) => {
		expect(failure({ ...valid, [field]: value })).toMatchObject({ param: field, code });
	});

	test('zero is a value', () => {
		const zeros = {
			temperature: 0,
			top_p: 0,
			top_k: 0,
			min_p: 0,
			presence_penalty: 0,
			seed: 0,
			max_thinking_tokens: 0,
		};
		expect(parseChatRequest({ ...valid, ...zeros })).toMatchObject(zeros);
	});

	test.each([
		[0, 0],
		[42, 42],
		[2 ** 32, 0],
		[2 ** 32 + 7, 7],
		[-1, 2 ** 32 - 1],
		[Number.MAX_SAFE_INTEGER, 2 ** 32 - 1],
		[1e300, 0],
	])('seed %d becomes %d: 32 bits of it are used', (seed, used) => {
		expect(parseChatRequest({ ...valid, seed }).seed).toBe(used);
	});

	test('a thinking budget of -1 is none', () => {
		expect(parseChatRequest({ ...valid, reasoning_budget_tokens: -1 }).reasoning_budget_tokens).toBeUndefined();
	});
});

describe('lists and maps', () => {
	test('stop is a list after the parse, and an empty list is none', () => {
		expect(parseChatRequest({ ...valid, stop: 'END' }).stop).toEqual(['END']);
		expect(parseChatRequest({ ...valid, stop: ['a', 'b'] }).stop).toEqual(['a', 'b']);
		expect(parseChatRequest({ ...valid, stop: [] }).stop).toEqual([]);
	});

	test.each<[string, unknown, string]>([
		['stop', ['a', 'b', 'c', 'd', 'e'], 'stop'],
		['stop', 'x'.repeat(257), 'stop'],
		['stop', ['ok', ''], 'stop[1]'],
		['stop', '\ud83d', 'stop'],
		['stop', 7, 'stop'],
		['logit_bias', { abc: 1 }, 'logit_bias.abc'],
		['logit_bias', { 1: 101 }, 'logit_bias.1'],
		['logit_bias', Object.fromEntries(Array.from({ length: 1025 }, (_, id) => [id, 1])), 'logit_bias'],
		['metadata', Object.fromEntries(Array.from({ length: 17 }, (_, id) => [`k${id}`, 'v'])), 'metadata'],
		['tools', Array(129).fill({ type: 'function', function: { name: 'f' } }), 'tools'],
		['tools', [{ type: 'custom', custom: { name: 'f' } }], 'tools[0].type'],
		['tools', [{ type: 'function', function: { name: 'a b' } }], 'tools[0].function.name'],
		['tool_choice', 'sometimes', 'tool_choice'],
		['tool_choice', { type: 'allowed_tools', allowed_tools: {} }, 'tool_choice.type'],
		['tool_choice', 'required', 'tool_choice'],
		['response_format', { type: 'yaml' }, 'response_format.type'],
		['response_format', { type: 'json_schema' }, 'response_format.json_schema'],
		['reasoning_effort', 'extreme', 'reasoning_effort'],
		['reasoning', { effort: 'extreme' }, 'reasoning.effort'],
		['thinking', { type: 'sometimes' }, 'thinking.type'],
		['think', 'hard', 'think'],
		['reasoning_field', 'elsewhere', 'reasoning_field'],
	])('%s: %j is wrong at %s', (field, value, param) => {
		expect(failure({ ...valid, [field]: value }).param).toBe(param);
	});

	test('a named tool has to be among the tools', () => {
		const body = {
			...valid,
			tools: [{ type: 'function', function: { name: 'f' } }],
			tool_choice: { type: 'function', function: { name: 'g' } },
		};
		expect(failure(body)).toMatchObject({ param: 'tool_choice.function.name' });
	});
});

describe('what fields say about each other', () => {
	test('include_usage needs stream', () => {
		expect(failure({ ...valid, stream_options: { include_usage: true } }).param).toBe('stream_options');
		const request = parseChatRequest({ ...valid, stream: true, stream_options: { include_usage: true } });
		expect(request.stream_options?.include_usage).toBe(true);
	});

	test('top_logprobs needs logprobs', () => {
		expect(failure({ ...valid, top_logprobs: 3 }).param).toBe('top_logprobs');
	});

	test('two spellings of one penalty must agree', () => {
		expect(failure({ ...valid, repetition_penalty: 1.1, repeat_penalty: 1.2 }).param).toBe('repeat_penalty');
		expect(() => parseChatRequest({ ...valid, repetition_penalty: 1.1, repeat_penalty: 1.1 })).not.toThrow();
	});
});

describe('hostile bodies', () => {
	test.each([[null], [[]], ['text'], [7], [undefined]])('%j is no request', (body) => {
		expect(failure(body)).toMatchObject({ param: null, code: 'invalid_type' });
	});

	test('nesting is bounded before anything recurses over it', () => {
		let deep: unknown = 1;
		for (let level = 0; level < 100_000; level++) deep = [deep];
		expect(failure({ ...valid, anything: deep })).toMatchObject({ param: null, code: 'invalid_value' });
	});

	test('whatever comes in, the outcome is a request or a 400', () => {
		const fields = [
			'model',
			'messages',
			'stop',
			'tools',
			'reasoning',
			'logit_bias',
			'stream_options',
			'__proto__',
			'seed',
		];
		const body = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 4 }));
		fc.assert(
			fc.property(body, fc.boolean(), (random, isBasedOnValid) => {
				try {
					parseChatRequest(isBasedOnValid ? { ...valid, ...random } : random);
				} catch (error) {
					expect(error).toBeInstanceOf(RetortError);
					expect(error).toMatchObject({ status: 400 });
				}
			}),
			{ numRuns: 1000 },
		);
	});
});
