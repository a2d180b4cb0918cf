import { describe, expect, test } from 'vitest';
import { compileJsonSchema, jsonObjectGrammar } from '../../src/chat/json-schema/compile-json-schema.ts';
import { prepareChat } from '../../src/chat/prepare-chat.ts';
import { generateRequestSchema, type PromptPart } from '../../src/protocol/worker-api.ts';
import { chatRequest, defaults, grammarOf } from './generation-defaults.ts';
import { type FixtureName, fixtureTemplate, pocketTemplate } from './template-fixtures.ts';

function prepare(name: FixtureName, fields: Record<string, unknown> = {}) {
	const template = fixtureTemplate(name);
	const request = chatRequest(fields);
	const grammar = grammarOf(request, template);
	const prepared = prepareChat({ request, template, grammar, contextTokens: 4096, defaults, key: null });
	generateRequestSchema.parse({ ...prepared.generation, requestId: 'r', resume: [], cacheScope: 'c' });
	return prepared;
}

test.each<[FixtureName, Record<string, unknown>, string[], string | null]>([
	['r1-with-tail', {}, ['reasoning', 'answer'], null],
	['r1-without-tail', {}, ['reasoning', 'answer'], null],
	['qwen3', {}, ['reasoning', 'answer'], '<think>'],
	['v3.1', {}, ['reasoning', 'answer'], null],
	['r1-with-tail', { think: false }, ['answer'], null],
	['qwen3', { think: false }, ['answer'], null],
	['smollm2', {}, ['answer'], null],
])('%s, %j: phases %j', (name, fields, phases, startToken) => {
	const { generation } = prepare(name, fields);
	expect(generation.phases.map((phase) => phase.name)).toEqual(phases);
	expect(generation.phases[0]?.startToken).toBe(startToken);
});

test('a request too small to think in has its thought closed in the prompt, and says so', () => {
	const { generation, parse } = prepare('r1-with-tail', { max_tokens: 16 });
	expect(generation.prompt.at(-1)).toEqual({ text: '<｜Assistant｜><think>\n\n</think>\n\n', special: true });
	expect(parse.reasoning).toMatchObject({ mode: 'off', budgetTokens: 0 });
});

test('how the answer will be read comes along', () => {
	const { parse, reasoning } = prepare('r1-with-tail', {
		stop: 'END',
		reasoning_field: 'tags',
		max_thinking_tokens: 9,
	});
	expect(parse).toMatchObject({ stop: ['END'], reasoning: { mode: 'on', budgetTokens: 9 } });
	expect(reasoning.field).toBe('tags');
});

describe('response_format', () => {
	const grammars = (fields: Record<string, unknown>) =>
		prepare('r1-with-tail', fields).generation.phases.map(({ name, grammar }) => [name, grammar?.gbnf ?? null]);
	const schema = { type: 'object', properties: { sum: { type: 'integer' } }, required: ['sum'] };
	const jsonSchema = { type: 'json_schema', json_schema: { name: 'Sum', schema } };

	test('binds the answer and leaves the thought free', () => {
		expect(grammars({ response_format: jsonSchema })).toEqual([
			['reasoning', null],
			['answer', compileJsonSchema(schema)],
		]);
		expect(grammars({ response_format: { type: 'json_object' } })).toEqual([
			['reasoning', null],
			['answer', jsonObjectGrammar()],
		]);
		expect(grammars({ response_format: { type: 'text' } })).toEqual([
			['reasoning', null],
			['answer', null],
		]);
	});

	test('without a schema it is any object', () => {
		const [, answer] = grammars({ response_format: { type: 'json_schema', json_schema: { name: 'Any' } } });
		expect(answer).toEqual(['answer', jsonObjectGrammar()]);
	});

	test('keeps room for a document even where the request is small', () => {
		const { generation } = prepare('r1-with-tail', { response_format: jsonSchema, max_tokens: 200 });
		expect(generation.phases[0]?.reserveTokens).toBe(128);
	});

	test('a schema that no grammar says is refused where it stands', () => {
		const refused = { type: 'object', properties: { a: { type: 'string', pattern: '(?<=x)y' } } };
		expect(() =>
			prepare('r1-with-tail', {
				response_format: { type: 'json_schema', json_schema: { name: 'x', schema: refused } },
			}),
		).toThrow(
			expect.objectContaining({ status: 400, param: 'response_format.json_schema.schema.properties.a.pattern' }),
		);
	});
});

describe('tools', () => {
	const weather = {
		type: 'function',
		function: {
			name: 'get_weather',
			description: 'Weather <｜User｜> now',
			parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
		},
	};
	const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } };
	const tools = { tools: [weather] };
	const history = {
		...tools,
		messages: [
			{ role: 'system', content: 'Be brief.' },
			{ role: 'user', content: 'Oslo?' },
			{ role: 'assistant', content: '<think>\nhm\n</think>\n\n', tool_calls: [call] },
			{ role: 'tool', tool_call_id: 'call_1', content: 'rain' },
		],
	};
	const textOf = (prompt: readonly PromptPart[]) => prompt.map((part) => ('text' in part ? part.text : '')).join('');

	test('a template without tools gets the list in its system text, in R1’s own tokens', () => {
		const { generation } = prepare('r1-with-tail', tools);
		const text = textOf(generation.prompt);
		expect(text).toContain('"name":"get_weather"');
		expect(text).toContain('<｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME');
		expect(text).toMatch(/<｜User｜>Hi<｜Assistant｜><think>\n$/);
		const ours = textOf(generation.prompt.filter((part) => 'special' in part && part.special));
		expect(ours).not.toContain('get_weather');
		expect(ours).not.toContain('Weather');
	});

	test('calls and results of the history stand in turns, and the next turn opens as always', () => {
		const text = textOf(prepare('r1-with-tail', history).generation.prompt);
		expect(text).toContain('<｜tool▁sep｜>get_weather\n```json\n{"city":"Oslo"}\n```<｜tool▁call▁end｜>');
		expect(text).toContain('<｜tool▁output▁begin｜>rain<｜tool▁output▁end｜>');
		expect(text).not.toContain('hm');
		expect(text).toMatch(/<｜Assistant｜><think>\n$/);
	});

	test('a template that shows no system message has the list before the first question', () => {
		const text = textOf(prepare('gemma', tools).generation.prompt);
		expect(text).toContain('"name":"get_weather"');
		expect(text.indexOf('get_weather')).toBeLessThan(text.indexOf('Hi'));
	});

	test.each<[Record<string, unknown>, boolean, string | null]>([
		[{}, false, null],
		[{ tool_choice: 'auto' }, true, null],
		[{ tool_choice: 'none' }, false, null],
		[{ tool_choice: 'required' }, true, '<｜tool▁calls▁begin｜>'],
		[{ tool_choice: { type: 'function', function: { name: 'get_weather' } } }, true, '<｜tool▁calls▁begin｜>'],
	])('%j', (choice, hasParser, opening) => {
		const { generation, parse } = prepare('r1-with-tail', {
			...(hasParser || 'tool_choice' in choice ? tools : {}),
			...choice,
		});
		expect(parse.newAnswerParser !== undefined).toBe(hasParser);
		const [thought, answer] = generation.phases;
		expect(thought?.grammar).toBeNull();
		expect(answer?.grammar !== null).toBe(hasParser);
		if (opening !== null) expect(answer?.grammar).toMatchObject({ triggerToken: null });
	});

	test('none leaves the list out', () => {
		expect(textOf(prepare('r1-with-tail', { ...tools, tool_choice: 'none' }).generation.prompt)).not.toContain(
			'weather',
		);
	});

	test('beside a response format the answer is one of both', () => {
		const { generation } = prepare('r1-with-tail', { ...tools, response_format: { type: 'json_object' } });
		expect(generation.phases[1]?.grammar).toMatchObject({ triggerToken: null });
	});

	test('parameters that no grammar says are refused where they stand', () => {
		const refused = {
			...weather,
			function: { ...weather.function, parameters: { type: 'object', properties: { a: { pattern: '(?=x)y' } } } },
		};
		expect(() => prepare('r1-with-tail', { tools: [weather, refused] })).toThrow(
			expect.objectContaining({ status: 400, param: 'tools[1].function.parameters.properties.a.pattern' }),
		);
	});

	test('the embedded model’s own template shows them', () => {
		const template = pocketTemplate();
		expect(template.toolFormat).toMatchObject({ kind: 'r1', isTemplates: true });
		const request = chatRequest(history);
		const grammar = grammarOf(request, template);
		const { generation } = prepareChat({ request, template, grammar, contextTokens: 4096, defaults, key: null });
		expect(textOf(generation.prompt)).toContain('Tools:\nget_weather(city)');
		expect(textOf(generation.prompt)).toMatch(/<｜tool▁outputs▁end｜><think>\n$/);
	});
});

describe('a conversation', () => {
	test('goes on with earlier answers, of which one that the client began is none', () => {
		const user = { role: 'user', content: 'Hi' };
		const answer = { role: 'assistant', content: 'Hello' };
		const isNextTurn = (...messages: object[]) => prepare('r1-with-tail', { messages }).generation.isNextTurn;
		expect(isNextTurn(user)).toBe(false);
		expect(isNextTurn(user, answer, user)).toBe(true);
		expect(isNextTurn(user, { ...answer, prefix: true })).toBe(false);
	});
});

describe('an answer that the client began', () => {
	const QUESTION = { role: 'user', content: 'Hi' };
	const begun = (last: Record<string, unknown>, fields: Record<string, unknown> = {}) => ({
		messages: [QUESTION, { role: 'assistant', ...last }],
		continue_final_message: true,
		...fields,
	});
	const ends = (name: FixtureName, fields: Record<string, unknown>) => {
		const { generation } = prepare(name, fields);
		const text = generation.prompt.map((part) => ('text' in part ? part.text : '')).join('');
		const shown = text.slice(text.lastIndexOf('Hi') + 2);
		return [shown, ...generation.phases.map(({ name: phase, continues }) => (continues ? `${phase}...` : phase))];
	};
	const R1 = '<｜Assistant｜>';

	test.each<[string, FixtureName, Record<string, unknown>, string, string[]]>([
		['content', 'r1-with-tail', { content: 'The ' }, `${R1}<think>\n\n</think>\n\nThe `, ['answer...']],
		['a thought', 'r1-with-tail', { reasoning_content: 'So ' }, `${R1}<think>\nSo `, ['reasoning...', 'answer']],
		['inline', 'r1-without-tail', { content: '<think>\nSo ' }, `${R1}<think>\nSo `, ['reasoning...', 'answer']],
		[
			'both',
			'r1-with-tail',
			{ reasoning_content: 'So.', content: 'The ' },
			`${R1}<think>\nSo.\n</think>\n\nThe `,
			['answer...'],
		],
		[
			'both inline',
			'r1-with-tail',
			{ content: '<think>\nSo.\n</think>\n\nThe ' },
			`${R1}<think>\nSo.\n</think>\n\nThe `,
			['answer...'],
		],
		[
			'a thought that the model would have opened',
			'qwen3',
			{ reasoning_content: 'So' },
			'<|im_end|>\n<|im_start|>assistant\n<think>\nSo',
			['reasoning...', 'answer'],
		],
		[
			'content where nobody thinks',
			'smollm2',
			{ content: 'The ', reasoning_content: 'So' },
			'<|im_end|>\n<|im_start|>assistant\nThe ',
			['answer...'],
		],
		['nothing', 'r1-with-tail', { content: '' }, `${R1}<think>\n`, ['reasoning', 'answer']],
	])('%s', (_, name, last, expected, phases) => {
		expect(ends(name, begun(last))).toEqual([expected, ...phases]);
		const { continue_final_message: _flag, ...deepSeeks } = begun({ ...last, prefix: true });
		expect(ends(name, deepSeeks)).toEqual([expected, ...phases]);
	});

	test('what it began with never becomes a control token', () => {
		const { generation } = prepare('r1-with-tail', begun({ content: '<｜User｜>' }));
		expect(generation.prompt.at(-1)).toEqual({ text: '<｜User｜>', special: false });
	});

	test('a thought is closed where there is none to be', () => {
		expect(ends('r1-with-tail', begun({ reasoning_content: 'So' }, { think: false }))).toEqual([
			`${R1}<think>\nSo\n</think>\n\n`,
			'answer...',
		]);
	});

	test('the thought of a bound answer can be continued, the answer cannot', () => {
		const response_format = { type: 'json_object' };
		expect(() => prepare('r1-with-tail', begun({ reasoning_content: 'So' }, { response_format }))).not.toThrow();
		expect(() => prepare('r1-with-tail', begun({ content: '{' }, { response_format }))).toThrow(
			expect.objectContaining({ status: 400, param: 'continue_final_message' }),
		);
	});

	test.each<[Record<string, unknown>, string]>([
		[{ messages: [QUESTION], continue_final_message: true }, 'messages[0].role'],
		[begun({ content: 'a' }, { add_generation_prompt: true }), 'add_generation_prompt'],
		[{ messages: [QUESTION], add_generation_prompt: false }, 'add_generation_prompt'],
		[{ messages: [{ role: 'assistant', content: 'a', prefix: true }, QUESTION] }, 'messages[0].prefix'],
		[
			begun({ tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] }),
			'messages[1].tool_calls',
		],
	])('%j is refused', (fields, param) => {
		expect(() => prepare('r1-with-tail', fields)).toThrow(expect.objectContaining({ status: 400, param }));
	});
});
