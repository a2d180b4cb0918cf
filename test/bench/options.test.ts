import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../scripts/bench/options.ts';

const required = ['--target', 'http://127.0.0.1:1', '--workload', 'decode'];

describe('parseOptions', () => {
	it('fills in what is not given', () => {
		expect(parseOptions(required)).toMatchObject({
			concurrency: 8,
			rounds: 3,
			against: null,
			body: {},
		});
	});

	it('takes other prompts each time, which no cache knows', async () => {
		const { seed } = parseOptions(required);
		await new Promise((resolve) => setTimeout(resolve, 2));
		expect(parseOptions(required).seed).not.toBe(seed);
		expect(parseOptions([...required, '--seed', 'x']).seed).toBe('x');
	});

	it('reads ids and a body', () => {
		const options = parseOptions([...required, '--ban-tokens', '3,7', '--body', '{"top_k":0}']);
		expect(options).toMatchObject({ 'ban-tokens': [3, 7], body: { top_k: 0 } });
	});

	it.each([
		['an unknown flag', ['--tarrget', 'x'], 'tarrget'],
		['an unknown workload', ['--workload', 'x'], '--workload'],
		['a count that is none', ['--rounds', 'x'], '--rounds'],
		['a body that is no JSON', ['--body', '{'], '--body'],
		['ids that are none', ['--ban-tokens', 'a'], '--ban-tokens'],
	])('names the flag of %s', (_name, argv, named) => {
		expect(() => parseOptions([...required, ...argv])).toThrow(named);
	});
});
