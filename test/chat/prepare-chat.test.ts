import { describe, expect, test } from 'vitest';
import { compileJsonSchema, jsonObjectGrammar } from '../../src/chat/json-schema/compile-json-schema.ts';
import { prepareChat } from '../../src/chat/prepare-chat.ts';
import { generateRequestSchema } from '../../src/protocol/worker-api.ts';
import { chatRequest, defaults } from './generation-defaults.ts';
import { type FixtureName, fixtureTemplate } from './template-fixtures.ts';

function prepare(name: FixtureName, fields: Record<string, unknown> = {}) {
	const template = fixtureTemplate(name);
	const prepared = prepareChat({ request: chatRequest(fields), template, contextTokens: 4096, defaults, key: null });
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
