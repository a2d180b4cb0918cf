import { describe, expect, test } from 'vitest';
import { readReasoningControls } from '../../src/chat/reasoning-controls.ts';
import { RetortError } from '../../src/errors.ts';
import { chatRequest } from './generation-defaults.ts';

const read = (fields: Record<string, unknown>) => readReasoningControls(chatRequest(fields));

function failure(fields: Record<string, unknown>): RetortError {
	try {
		read(fields);
	} catch (error) {
		if (error instanceof RetortError) return error;
	}
	throw new Error('the request was accepted');
}

test('a silent request says nothing', () => {
	expect(Object.values(read({})).every((value) => value === undefined)).toBe(true);
});

test.each([
	[{ reasoning: { max_tokens: 50 } }],
	[{ thinking: { type: 'enabled', budget_tokens: 50 } }],
	[{ thinking_token_budget: 50 }],
	[{ thinking_budget_tokens: 50 }],
	[{ reasoning_budget_tokens: 50 }],
	[{ max_thinking_tokens: 50 }],
])('%j is a budget of 50 tokens', (fields) => {
	expect(read(fields)).toMatchObject({ budgetTokens: 50, thinking: true });
});

test.each([[{ reasoning_effort: 'low' }], [{ reasoning: { effort: 'low' } }], [{ think: 'low' }]])(
	'%j is low effort',
	(fields) => {
		expect(read(fields)).toMatchObject({ effort: 'low', thinking: true });
	},
);

test.each([
	[{ reasoning_effort: 'none' }],
	[{ reasoning: { effort: 'none' } }],
	[{ reasoning: { enabled: false } }],
	[{ thinking: { type: 'disabled' } }],
	[{ chat_template_kwargs: { enable_thinking: false } }],
	[{ think: false }],
	[{ max_thinking_tokens: 0 }],
])('%j turns thinking off', (fields) => {
	expect(read(fields)).toMatchObject({ thinking: false, effort: undefined });
});

test.each([
	[{ reasoning: { enabled: true } }],
	[{ thinking: { type: 'enabled' } }],
	[{ thinking: { type: 'adaptive' } }],
	[{ chat_template_kwargs: { enable_thinking: true, other: 1 } }],
	[{ think: true }],
])('%j turns it on', (fields) => {
	expect(read(fields)).toMatchObject({ thinking: true, budgetTokens: undefined, effort: undefined });
});

test.each([
	[{ reasoning_field: 'both' }, 'both'],
	[{ include_reasoning: false }, 'hidden'],
	[{ reasoning: { exclude: true } }, 'hidden'],
	[{ separate_reasoning: false }, 'tags'],
	[{ reasoning_format: 'none' }, 'tags'],
	[{ reasoning_format: 'raw' }, 'tags'],
	[{ reasoning_format: 'parsed' }, 'reasoning'],
	[{ reasoning_format: 'deepseek' }, 'reasoning_content'],
	[{ reasoning_format: 'hidden', include_reasoning: false }, 'hidden'],
	[{ reasoning_format: 'auto' }, undefined],
	[{ include_reasoning: true, separate_reasoning: true }, undefined],
	[{ include_reasoning: true, reasoning_field: 'reasoning' }, 'reasoning'],
])('%j puts the thought in %s', (fields, field) => {
	expect(read(fields).field).toBe(field);
});

test('the deadline', () => {
	expect(read({ max_thinking_ms: 1500 }).maxMs).toBe(1500);
});

describe('two spellings that disagree are a 400 that names both', () => {
	test.each<[Record<string, unknown>, string, string]>([
		[{ max_thinking_tokens: 10, thinking_token_budget: 20 }, 'thinking_token_budget', 'max_thinking_tokens'],
		[{ reasoning_effort: 'low', reasoning: { effort: 'high' } }, 'reasoning_effort', 'reasoning.effort'],
		[{ reasoning_effort: 'high', think: 'low' }, 'reasoning_effort', 'think'],
		[{ think: false, reasoning_effort: 'high' }, 'think', 'reasoning_effort'],
		[{ thinking: { type: 'disabled', budget_tokens: 100 } }, 'thinking.type', 'thinking.budget_tokens'],
		[{ reasoning: { enabled: true }, max_thinking_tokens: 0 }, 'reasoning.enabled', 'max_thinking_tokens'],
		[
			{ chat_template_kwargs: { enable_thinking: false }, think: true },
			'chat_template_kwargs.enable_thinking',
			'think',
		],
		[{ reasoning_field: 'both', include_reasoning: false }, 'reasoning_field', 'include_reasoning'],
		[{ include_reasoning: true, reasoning: { exclude: true } }, 'include_reasoning', 'reasoning.exclude'],
		[{ include_reasoning: true, reasoning_format: 'hidden' }, 'include_reasoning', 'reasoning_format'],
		[{ separate_reasoning: true, reasoning_format: 'none' }, 'separate_reasoning', 'reasoning_format'],
	])('%j', (fields, one, other) => {
		const { message, status, param } = failure(fields);
		expect(status).toBe(400);
		expect([one, other]).toContain(param);
		expect(message).toContain(`'${one}'`);
		expect(message).toContain(`'${other}'`);
	});

	test('spellings that agree do not', () => {
		const fields = { reasoning_effort: 'none', think: false, thinking: { type: 'disabled', budget_tokens: 0 } };
		expect(read(fields).thinking).toBe(false);
	});
});
