import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/pool/estimate-tokens.ts';
import { GenerationTimer } from '../../src/pool/generation-timer.ts';
import { tokenEvent, tokenEvents } from '../support/fake-worker.ts';

describe('GenerationTimer', () => {
	it('tells of the first token and of the end, with what each took', () => {
		const timer = new GenerationTimer(100);
		const news = tokenEvents(5).map((event, index) => timer.push(event, index * 10));
		expect(news.filter((one) => one !== null)).toEqual([
			{ type: 'first-token' },
			{
				type: 'end',
				sample: { promptTokens: 3, cachedTokens: 0, completionTokens: 5, prefillMs: 10, decodeMs: 60 },
			},
		]);
	});

	it('knows how much of the prompt is still to be evaluated', () => {
		const timer = new GenerationTimer(100);
		const pending = [timer.pendingPromptTokens];
		const push = (event: Parameters<GenerationTimer['push']>[0]) => {
			timer.push(event, 0);
			pending.push(timer.pendingPromptTokens);
		};
		push({ type: 'generation-start', promptTokens: 120, cachedTokens: 20 });
		push({ type: 'prefill-progress', evaluatedTokens: 80, totalTokens: 120 });
		push(tokenEvent(0));
		expect(pending).toEqual([100, 100, 40, 0]);
	});
});

describe('estimateTokens', () => {
	it('counts ready tokens, and texts by their length', () => {
		expect(estimateTokens([{ tokens: [1, 2, 3] }, { text: 'x'.repeat(9), special: false }])).toBe(6);
	});
});
