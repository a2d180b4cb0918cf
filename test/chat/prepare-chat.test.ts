import { expect, test } from 'vitest';
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
