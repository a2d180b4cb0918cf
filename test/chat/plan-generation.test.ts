import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyOverrides, planGeneration, type ReasoningDefaults } from '../../src/chat/plan-generation.ts';
import type { ReasoningTrait } from '../../src/chat/template/template.ts';
import { phaseSchema } from '../../src/protocol/worker-api.ts';
import { chatRequest, defaults } from './generation-defaults.ts';

type Setting = {
	trait?: ReasoningTrait;
	contextTokens?: number | null;
	reasoning?: Partial<ReasoningDefaults>;
	key?: KeyOverrides;
};

function plan(fields: Record<string, unknown> = {}, setting: Setting = {}) {
	return planGeneration({
		request: chatRequest(fields),
		reasoningTrait: setting.trait ?? 'always',
		contextTokens: setting.contextTokens === undefined ? 4096 : setting.contextTokens,
		defaults: { ...defaults, reasoning: { ...defaults.reasoning, ...setting.reasoning } },
		key: setting.key ?? null,
	});
}

const budget = (fields: Record<string, unknown>, setting?: Setting) => plan(fields, setting).reasoning.budgetTokens;

describe('phases', () => {
	test('a prompt that opens the thought: think, then answer', () => {
		const phases = plan({ max_thinking_tokens: 100 }).phasesFor(true);
		for (const phase of phases) phaseSchema.parse(phase);
		expect(phases).toMatchObject([
			{
				name: 'reasoning',
				startToken: null,
				endToken: '</think>',
				softLimitTokens: 100,
				maxTokens: 110,
				reserveTokens: 1024,
				closing: '\n\nTime to answer.\n',
				separator: '\n\n',
				closesOnLoop: true,
				emptyRetries: 1,
			},
			{ name: 'answer', startToken: null, endToken: null, maxTokens: null, closing: null, separator: null },
		]);
	});

	test('a prompt that leaves it to the model: the thought happens if its mark comes first', () => {
		expect(plan({}, { trait: 'optional' }).phasesFor(false)[0]).toMatchObject({
			name: 'reasoning',
			startToken: '<think>',
		});
	});

	test.each([
		['thinking is off', { reasoning_effort: 'none' }, 'always', 'off'],
		['the budget is nothing', { max_thinking_tokens: 0 }, 'always', 'off'],
		['max_tokens hardly makes a sentence', { max_tokens: 16 }, 'always', 'off'],
		['the model never thinks', { reasoning_effort: 'high' }, 'never', 'never'],
	] as const)('only an answer when %s', (_why, fields, trait, mode) => {
		const planned = plan(fields, { trait });
		expect(planned.phasesFor(false).map((phase) => phase.name)).toEqual(['answer']);
		expect(planned.reasoning.mode).toBe(mode);
		expect(planned.reasoning.budgetTokens).toBe(mode === 'never' ? null : 0);
	});

	test('the deadline is the thought’s', () => {
		expect(plan({ max_thinking_ms: 500 }).phasesFor(true)).toMatchObject([{ maxMs: 500 }, { maxMs: null }]);
	});
});

describe('sampling', () => {
	test('silence means the defaults, zero means zero', () => {
		const [thought, answer] = plan().phasesFor(true);
		const silent = {
			temperature: 0.6,
			topP: 0.95,
			topK: 0,
			minP: 0,
			repetitionPenalty: 1,
			presencePenalty: 0,
			frequencyPenalty: 0,
			seed: null,
			logitBias: [],
		};
		expect(thought?.sampling).toEqual(silent);
		expect(answer?.sampling).toEqual(silent);
		const zeros = plan({ temperature: 0, top_p: 0, seed: 0 }).phasesFor(true);
		expect(zeros[1]?.sampling).toMatchObject({ temperature: 0, topP: 0, seed: 0 });
	});

	test('everything that a request may set', () => {
		const fields = {
			temperature: 1,
			top_p: 0.5,
			top_k: 40,
			min_p: 0.05,
			repeat_penalty: 1.1,
			presence_penalty: 0.5,
			frequency_penalty: -0.5,
			seed: 7,
			logit_bias: { 5: -100, 9: 1.5 },
		};
		const [thought, answer] = plan(fields).phasesFor(true);
		expect(answer?.sampling).toEqual({
			temperature: 1,
			topP: 0.5,
			topK: 40,
			minP: 0.05,
			repetitionPenalty: 1.1,
			presencePenalty: 0.5,
			frequencyPenalty: -0.5,
			seed: 7,
			logitBias: [
				[5, -100],
				[9, 1.5],
			],
		});
		expect(thought?.sampling).toEqual({ ...answer?.sampling, logitBias: [] });
	});

	test('the thought may have its own temperature and top-p', () => {
		const [thought, answer] = plan({ temperature: 0.2, reasoning: { temperature: 1, top_p: 0.8 } }).phasesFor(true);
		expect(thought?.sampling).toMatchObject({ temperature: 1, topP: 0.8 });
		expect(answer?.sampling).toMatchObject({ temperature: 0.2, topP: 0.95 });
	});

	test('top_k -1 is off', () => {
		expect(plan({ top_k: -1 }).phasesFor(true)[1]?.sampling.topK).toBe(0);
	});
});

describe('max_tokens', () => {
	test('max_completion_tokens wins', () => {
		expect(plan({ max_tokens: 10, max_completion_tokens: 20 }).maxTokens).toBe(20);
		expect(plan({ max_tokens: 10 }).maxTokens).toBe(10);
		expect(plan().maxTokens).toBeNull();
	});
});

describe('the thinking budget', () => {
	test('a silent request has all but the answer’s reserve, grace, closing words and marks', () => {
		const [thought] = plan().phasesFor(true);
		const planned = budget({}) ?? 0;
		expect(planned).toBeGreaterThan(2700);
		expect((thought?.maxTokens ?? 0) + 1024 + 9 + 4).toBeLessThanOrEqual(4096);
		expect(thought?.softLimitTokens).toBe(planned);
	});

	test('the reserve is half of a small request', () => {
		expect(budget({ max_tokens: 64 })).toBe(17);
		expect(plan({ max_tokens: 64 }).phasesFor(true)[0]).toMatchObject({ maxTokens: 19, reserveTokens: 32 });
	});

	test('a stated budget binds where it is the smaller', () => {
		expect(budget({ max_thinking_tokens: 5, max_tokens: 64 })).toBe(5);
		expect(budget({ max_thinking_tokens: 500, max_tokens: 64 })).toBe(17);
	});

	test('effort is a share of what the request leaves', () => {
		const all = budget({ reasoning_effort: 'max', max_tokens: 1024 }) ?? 0;
		expect(budget({ reasoning_effort: 'medium', max_tokens: 1024 })).toBe(Math.floor(all / 2));
		expect(budget({ reasoning_effort: 'low', max_tokens: 1024 })).toBe(Math.floor(all / 4));
		expect(all).toBe(budget({ max_tokens: 1024 }));
	});

	test('of a budget and an effort the smaller binds', () => {
		expect(budget({ reasoning_effort: 'low', max_thinking_tokens: 3000 })).toBe(budget({ reasoning_effort: 'low' }));
		expect(budget({ reasoning_effort: 'high', max_thinking_tokens: 7 })).toBe(7);
	});

	test('the server’s default is for silent requests, its ceiling and the key’s are for all', () => {
		expect(budget({}, { reasoning: { defaultMaxTokens: 200 } })).toBe(200);
		expect(budget({ max_thinking_tokens: 300 }, { reasoning: { defaultMaxTokens: 200 } })).toBe(300);
		expect(budget({ max_thinking_tokens: 300 }, { reasoning: { maxTokens: 100 } })).toBe(100);
		expect(budget({}, { reasoning: { maxTokens: 100 }, key: { maxThinkingTokens: 50 } })).toBe(50);
		const key = { defaultThinkingTokens: 90, maxThinkingTokens: 120 };
		expect(budget({}, { reasoning: { defaultMaxTokens: 200 }, key })).toBe(90);
		expect(budget({ max_thinking_tokens: 300 }, { key })).toBe(120);
	});

	test('a context that nobody knows bounds nothing', () => {
		expect(budget({}, { contextTokens: null })).toBeNull();
		const [thought] = plan({}, { contextTokens: null }).phasesFor(true);
		expect(thought).toMatchObject({ maxTokens: null, softLimitTokens: null, reserveTokens: 1024 });
	});

	test('an answer can always follow: thought, grace, closing words and a sentence fit into max_tokens', () => {
		const efforts = fc.constantFrom(undefined, 'minimal', 'low', 'medium', 'high', 'xhigh', 'max');
		const tokens = fc.integer({ min: 16, max: 5000 });
		fc.assert(
			fc.property(tokens, fc.option(fc.nat(6000)), efforts, fc.integer({ min: 64, max: 8192 }), (...drawn) => {
				const [max_tokens, max_thinking_tokens, effort, contextTokens] = drawn;
				const isOff = max_thinking_tokens === 0;
				const fields = { max_tokens, max_thinking_tokens, reasoning_effort: isOff ? undefined : effort };
				const planned = plan(fields, { contextTokens });
				const [first] = planned.phasesFor(true);
				if (planned.reasoning.mode === 'off') return;
				const total = Math.min(max_tokens, contextTokens);
				const room = total - (first?.maxTokens ?? 0) - 9 - 4;
				expect(room).toBeGreaterThanOrEqual(16);
				expect(first?.maxTokens ?? 0).toBeGreaterThanOrEqual(planned.reasoning.budgetTokens ?? 0);
			}),
		);
	});
});

describe('the field', () => {
	test('request before key before server', () => {
		const key = { reasoningField: 'tags' } as const;
		expect(plan().reasoning.field).toBe('reasoning_content');
		expect(plan({}, { key }).reasoning.field).toBe('tags');
		expect(plan({ reasoning_field: 'hidden' }, { key }).reasoning.field).toBe('hidden');
	});
});

test('stop strings go to the parser, never to the worker', () => {
	expect(plan({ stop: ['a', 'b'] }).stop).toEqual(['a', 'b']);
	expect(plan().stop).toEqual([]);
});
