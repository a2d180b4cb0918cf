import { expect, test } from 'vitest';
import { encodeProgress } from '../../src/chat/encode-progress.ts';
import { describeProgress, ProgressTracker } from '../../src/chat/progress.ts';
import { progressSchema } from '../../src/protocol/chat-response.ts';
import { meta } from './completion-meta.ts';
import { end, say, start, think, thoughtEnd } from './worker-events.ts';

test('a request is followed from the queue to its answer', () => {
	const tracker = new ProgressTracker(3);
	const said: string[] = [];
	const note = () => said.push(describeProgress(tracker.snapshot()));
	note();
	let place: { position: number; expectedWaitMs: number } | null = { position: 2, expectedWaitMs: 1500.4 };
	tracker.queued(() => place);
	note();
	expect(encodeProgress(tracker.snapshot(), { ...meta, includeUsage: true })).toMatchObject({
		choices: [],
		usage: null,
		progress: { phase: 'queued', queue: { position: 2, expected_wait_ms: 1500 }, prefill: null, budget_left: 3 },
	});
	place = null;
	note();
	tracker.push(start);
	note();
	tracker.push({ type: 'prefill-progress', evaluatedTokens: 8, totalTokens: 10 });
	note();
	tracker.push(think('a'));
	tracker.push(think('b'));
	note();
	expect(tracker.snapshot()).toMatchObject({ phase: 'reasoning', queue: null, budgetLeftTokens: 1 });
	for (const event of [think('c'), think('d'), thoughtEnd('budget', 4), say('x'), end()]) tracker.push(event);
	note();
	expect(tracker.snapshot()).toMatchObject({ reasoningTokens: 4, answerTokens: 1, budgetLeftTokens: 0 });
	expect(said).toEqual([
		'keep-alive',
		'queued 2',
		'keep-alive',
		'prefill 4/10',
		'prefill 8/10',
		'reasoning 2',
		'answer 1',
	]);
});

test('of several generations the one that is furthest tells the phase', () => {
	const tracker = new ProgressTracker(null);
	for (const event of [start, say('x'), start, think('a')]) tracker.push(event);
	expect(tracker.snapshot()).toMatchObject({
		phase: 'answer',
		reasoningTokens: 1,
		answerTokens: 1,
		budgetLeftTokens: null,
	});
	expect(progressSchema.safeParse(encodeProgress(tracker.snapshot(), meta).progress).success).toBe(true);
});
