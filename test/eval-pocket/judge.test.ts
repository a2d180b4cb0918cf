import { describe, expect, it } from 'vitest';
import { judge } from '../../scripts/eval-pocket/judge.ts';
import type { Problem } from '../../scripts/eval-pocket/problem.ts';
import type { Reply } from '../../scripts/eval-pocket/reply.ts';

function reply(message: Partial<Reply['choices'][number]['message']>, finishReason = 'stop'): Reply {
	return {
		choices: [{ message: { reasoning_status: { state: 'complete' }, ...message }, finish_reason: finishReason }],
	};
}

const question: Problem = { family: 'add', messages: [], answer: '17 + 25 = 42' };

describe('judge', () => {
	it('accepts only the whole answer', () => {
		expect(judge(question, reply({ content: '17 + 25 = 42' })).isRight).toBe(true);
		expect(judge(question, reply({ content: 'So 17 + 25 = 42' })).isRight).toBe(false);
		expect(judge(question, reply({ content: '42' })).isRight).toBe(false);
	});

	it('does not count a right answer that was cut, or that came with a tool call', () => {
		expect(judge(question, reply({ content: '17 + 25 = 42' }, 'length')).isRight).toBe(false);
		const tool_calls = [{ function: { name: 'calculator', arguments: '{}' } }];
		expect(judge(question, reply({ content: '17 + 25 = 42', tool_calls })).isRight).toBe(false);
	});

	it('compares the values of JSON, whatever its spaces and order', () => {
		const problem: Problem = { family: 'schema', messages: [], json: { name: 'Ada', age: 36 } };
		expect(judge(problem, reply({ content: '{"age":36, "name":"Ada"}' })).isRight).toBe(true);
		expect(judge(problem, reply({ content: '{"age":"36","name":"Ada"}' })).isRight).toBe(false);
		expect(judge(problem, reply({ content: 'not JSON' })).isRight).toBe(false);
	});

	it('wants exactly the expected call', () => {
		const problem: Problem = {
			family: 'tool_call',
			messages: [],
			call: { name: 'get_weather', arguments: { city: 'Paris' } },
		};
		const call = { function: { name: 'get_weather', arguments: '{"city": "Paris"}' } };
		expect(judge(problem, reply({ content: null, tool_calls: [call] }, 'tool_calls')).isRight).toBe(true);
		expect(judge(problem, reply({ content: null, tool_calls: [call, call] }, 'tool_calls')).isRight).toBe(false);
		expect(judge(problem, reply({ content: '{"city": "Paris"}' })).isRight).toBe(false);
	});

	it('tells a valid call from a right one', () => {
		const parameters = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } };
		const problem: Problem = {
			family: 'tool_call',
			messages: [],
			tools: [{ function: { name: 'get_weather', parameters } }],
			call: { name: 'get_weather', arguments: { city: 'Paris', days: 2 } },
		};
		const isValid = (name: string, text: string) =>
			judge(problem, reply({ tool_calls: [{ function: { name, arguments: text } }] })).callIsValid;
		expect(isValid('get_weather', '{"city": "Rome", "days": 3}')).toBe(true);
		expect(isValid('get_weather', '{"city": "Rome"}')).toBe(false);
		expect(isValid('get_weather', '{"city": "Rome", "days": "3"}')).toBe(false);
		expect(isValid('get_weather', '{"city": "Rome", "days": 3, "sky": 1}')).toBe(false);
		expect(isValid('get_weather', '{"city')).toBe(false);
		expect(isValid('get_moon', '{"city": "Rome", "days": 3}')).toBe(false);
		expect(judge(problem, reply({ content: 'no' })).callIsValid).toBe(false);
		expect(judge(question, reply({ content: 'no' })).callIsValid).toBe(null);
	});

	it('tells a thought that closed by itself from one that was closed', () => {
		expect(judge(question, reply({ content: '' })).isClosed).toBe(true);
		expect(judge(question, reply({ content: '', reasoning_status: { state: 'budget' } })).isClosed).toBe(false);
	});
});
