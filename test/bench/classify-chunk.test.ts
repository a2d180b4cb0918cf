import { describe, expect, it } from 'vitest';
import { classifyChunk } from '../../scripts/bench/classify-chunk.ts';

const chunk = (delta: object, rest: object = {}) =>
	JSON.stringify({ id: 'x', choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...rest }] });

describe('classifyChunk', () => {
	it('tells thought from answer in both dialects of the field', () => {
		expect(classifyChunk(chunk({ reasoning_content: 'a' }))).toBe('reasoning');
		expect(classifyChunk(chunk({ reasoning: 'a' }))).toBe('reasoning');
		expect(classifyChunk(chunk({ content: 'a' }))).toBe('answer');
	});

	it('counts arguments of a tool call as answer', () => {
		expect(classifyChunk(chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a' } }] }))).toBe('answer');
	});

	it('finds nothing in a role chunk', () => {
		expect(classifyChunk(chunk({ role: 'assistant', content: '' }))).toBe('empty');
		expect(classifyChunk(chunk({ role: 'assistant', content: null }))).toBe('empty');
	});

	it('finds finish reason, usage, error and the end', () => {
		expect(classifyChunk(chunk({}, { finish_reason: 'stop' }))).toBe('detail');
		expect(classifyChunk(JSON.stringify({ choices: [], usage: { prompt_tokens: 1 } }))).toBe('detail');
		expect(classifyChunk(JSON.stringify({ error: { message: 'x' } }))).toBe('detail');
		expect(classifyChunk('[DONE]')).toBe('done');
	});

	it('is not fooled by text that looks like a field', () => {
		expect(classifyChunk(chunk({ content: '"reasoning_content":"x"' }))).toBe('answer');
		expect(classifyChunk(chunk({ reasoning_content: '"content":"x","finish_reason":"stop"' }))).toBe('reasoning');
	});
});
