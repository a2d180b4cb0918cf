import { describe, expect, test } from 'vitest';
import { prepareTemplate } from '../../../src/chat/template/template.ts';
import { RetortError } from '../../../src/errors.ts';
import { type FixtureName, fixtureTemplate, pocketTemplate } from '../template-fixtures.ts';

const none = { bos: null, eos: null, special: [] };

function failureOf(source: string): RetortError {
	try {
		prepareTemplate({ source, ...none }, 300);
	} catch (error) {
		if (error instanceof RetortError) return error;
	}
	throw new Error('the template was accepted');
}

describe('whether a model thinks is read off its template and vocabulary', () => {
	test.each<[FixtureName, string]>([
		['r1-with-tail', 'always'],
		['r1-without-tail', 'always'],
		['qwq', 'always'],
		['v3.1', 'optional'],
		['qwen3', 'optional'],
		['smollm2', 'never'],
		['llama-3.1', 'never'],
		['gemma', 'never'],
	])('%s: %s', (name, reasoning) => {
		expect(fixtureTemplate(name).traits.reasoning).toBe(reasoning);
	});

	test('the embedded model: always', () => {
		expect(pocketTemplate().traits.reasoning).toBe('always');
	});

	test('a thought whose marks are no tokens cannot be split off, and the log says so', () => {
		const source = "{{ messages[0].content }}{% if add_generation_prompt %}{{ 'A:<think>' }}{% endif %}";
		const { traits } = prepareTemplate({ source, ...none });
		expect(traits.reasoning).toBe('never');
		expect(traits.notes).toEqual(['The template opens <think>, which the vocabulary has no token for.']);
	});
});

describe('what a template renders is found out by trying', () => {
	test.each<[FixtureName, object]>([
		['r1-with-tail', { rendersSystem: true, rendersTools: false, promptsAfterTool: false, rendersToolCalls: true }],
		['qwq', { rendersSystem: true, rendersTools: true, promptsAfterTool: true, rendersToolCalls: true }],
		['qwen3', { rendersSystem: true, rendersTools: false, promptsAfterTool: true, rendersToolCalls: true }],
		['smollm2', { rendersSystem: true, rendersTools: false, rendersToolCalls: false }],
		['llama-3.1', { rendersSystem: true, rendersTools: true, rendersToolCalls: true, quotesToolResults: true }],
		['gemma', { rendersSystem: false, rendersTools: false, rendersToolCalls: false }],
	])('%s', (name, traits) => {
		expect(fixtureTemplate(name).traits).toMatchObject(traits);
	});

	test('the opening of an assistant turn comes without its thinking marks', () => {
		expect(fixtureTemplate('r1-with-tail').traits.generationPrompt).toBe('<｜Assistant｜>');
		expect(fixtureTemplate('qwq').traits.generationPrompt).toBe('<|im_start|>assistant\n');
		expect(fixtureTemplate('v3.1').traits.generationPrompt).toBe('<｜Assistant｜>');
	});

	test('the roles whose content is trimmed', () => {
		expect([...fixtureTemplate('llama-3.1').traits.trimsEnd]).toEqual(['system', 'user', 'assistant']);
		expect([...fixtureTemplate('qwq').traits.trimsStart]).toEqual(['assistant']);
		expect([...fixtureTemplate('qwq').traits.trimsEnd]).toEqual([]);
		expect([...fixtureTemplate('smollm2').traits.trimsStart]).toEqual([]);
	});
});

test('a template that shows the date is known: its prompts are not kept', () => {
	const dated = prepareTemplate({ source: "{{ strftime_now('%d %b %Y') }} {{ messages[0].content }}", ...none });
	expect(dated.traits.readsClock).toBe(true);
	expect(fixtureTemplate('qwen3').traits.readsClock).toBe(false);
});

describe('a model without a template', () => {
	test('gets R1 where the vocabulary has its marks', () => {
		const special = ['<｜User｜>', '<｜Assistant｜>', '<think>', '</think>'];
		const { traits } = prepareTemplate({ source: null, bos: '<B>', eos: '<E>', special });
		expect(traits).toMatchObject({ reasoning: 'always', generationPrompt: '<｜Assistant｜>' });
		expect(traits.notes).toHaveLength(1);
	});

	test('gets ChatML otherwise', () => {
		const { traits } = prepareTemplate({ source: null, ...none });
		expect(traits).toMatchObject({ reasoning: 'never', generationPrompt: '<|im_start|>assistant\n' });
	});
});

describe('a template that cannot be used is a config error', () => {
	test.each([
		['is no jinja', '{% for %}', /does not compile/],
		['calls what is not there', '{{ nothing.at.all() }}', /cannot be used/],
		['raises always', "{{ raise_exception('not today') }}", /cannot be used: not today/],
		['drops the user', "{{ 'Hello' }}", /leaves the user's message out/],
		[
			'does not end',
			'{% for a in range(99999) %}{% for b in range(99999) %}{% set c = 1 %}{% endfor %}{% endfor %}',
			/timed out/,
		],
	])('%s', (_what, source, message) => {
		const error = failureOf(source);
		expect(error.code).toBe('config_error');
		expect(error.message).toMatch(message);
	});
});
