import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createReasoningMetrics } from '../../src/gateway/reasoning-metrics.ts';
import { ThoughtMeter } from '../../src/gateway/thought-meter.ts';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';

const SUMMARY = { completionTokens: 5, reasoningTokens: 3 };

function thoughtOf(text: string, end: Partial<Extract<WorkerEvent, { type: 'phase-end' }>> = {}) {
	const meter = new ThoughtMeter();
	meter.push({ type: 'delta', phase: 'reasoning', text, special: false, ids: [1], logprobs: null });
	expect(meter.ended).toBe(null);
	meter.push({
		type: 'phase-end',
		phase: 'reasoning',
		reason: 'closed',
		tokens: 1,
		ms: 500,
		emptyRetries: 0,
		ids: [],
		...end,
	});
	return meter.ended;
}

test('tokens, time, landings, loops and empty thoughts are told by model and key', async () => {
	const registry = new Registry();
	const metrics = createReasoningMetrics([registry]);
	const who = { model: 'm', keyId: 'one' };
	metrics.generationEnded(who, SUMMARY, thoughtOf('Hm.', { reason: 'budget', landsSoftly: true }));
	metrics.generationEnded(who, SUMMARY, thoughtOf('Hm.', { reason: 'budget', landsSoftly: false }));
	metrics.generationEnded(who, SUMMARY, thoughtOf('Hm.', { reason: 'loop' }));
	metrics.generationEnded(who, SUMMARY, thoughtOf('Hm.', { emptyRetries: 1 }));
	metrics.generationEnded(who, SUMMARY, thoughtOf('\n', { emptyRetries: 1 }));
	metrics.generationEnded(who, SUMMARY, null);
	const text = await registry.metrics();
	for (const line of [
		'retort_reasoning_tokens_total{model="m",key="one"} 18',
		'retort_answer_tokens_total{model="m",key="one"} 12',
		'retort_thinking_seconds_total{model="m",key="one"} 2.5',
		'retort_thoughts_total{model="m",key="one",end="soft-landing"} 1',
		'retort_thoughts_total{model="m",key="one",end="budget"} 1',
		'retort_thoughts_total{model="m",key="one",end="loop"} 1',
		'retort_empty_thoughts_total{model="m",key="one",outcome="rescued"} 1',
		'retort_empty_thoughts_total{model="m",key="one",outcome="empty"} 1',
	])
		expect(text).toContain(`${line}\n`);
});

test('keys beyond the first 256 share a series', async () => {
	const registry = new Registry();
	const metrics = createReasoningMetrics([registry]);
	for (let index = 0; index < 300; index++) metrics.generationEnded({ model: 'm', keyId: `k${index}` }, SUMMARY, null);
	metrics.generationEnded({ model: 'm', keyId: 'k7' }, SUMMARY, null);
	const text = await registry.metrics();
	expect(text).toContain('retort_answer_tokens_total{model="m",key="other"} 88\n');
	expect(text).toContain('retort_answer_tokens_total{model="m",key="k7"} 4\n');
	expect(text.match(/retort_answer_tokens_total\{/g)).toHaveLength(257);
});
