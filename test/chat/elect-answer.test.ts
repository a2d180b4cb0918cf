import { expect, test } from 'vitest';
import type { ChatEvent } from '../../src/chat/chat-event.ts';
import { electAnswer } from '../../src/chat/elect-answer.ts';
import { all, stream } from './worker-events.ts';

const start: ChatEvent = { type: 'start', promptTokens: 10, cachedTokens: 4 };
const thought = (text: string): ChatEvent => ({ type: 'reasoning-delta', text, logprobs: null });
const content = (text: string): ChatEvent => ({ type: 'content-delta', text, logprobs: null });
const finish = (completionTokens: number): ChatEvent => ({
	type: 'finish',
	finishReason: 'stop',
	usage: { promptTokens: 10, cachedTokens: completionTokens === 5 ? 4 : 10, completionTokens, reasoningTokens: 2 },
	reasoning: { state: 'complete', tokens: 1, ms: 1, budgetTokens: null, emptyRetries: 0 },
});
const of = (index: number, ...events: ChatEvent[]) => events.map((event) => ({ index, event }));

test('the winner is told whole after all have ended, with the tokens of all', async () => {
	const events = await all(
		electAnswer(
			stream([
				...of(0, start, thought('a'), content('It is '), content('7')),
				...of(1, start, thought('b'), content('It is 8'), finish(6)),
				...of(0, finish(5)),
				...of(2, start, thought('c'), content('it is 8.'), finish(7)),
			]),
			3,
		),
	);
	expect(events.map(({ event }) => event)).toEqual([
		start,
		thought('b'),
		content('It is 8'),
		{
			...finish(6),
			usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 18, reasoningTokens: 6 },
			reasoning: {
				state: 'complete',
				tokens: 1,
				ms: 1,
				budgetTokens: null,
				emptyRetries: 0,
				votes: [
					{ answer: 'it is 8', count: 2 },
					{ answer: 'it is 7', count: 1 },
				],
			},
		},
	]);
});

test('calls vote by what they say', async () => {
	const call = (index: number, ...parts: string[]): ChatEvent[] => [
		{ type: 'tool-call-start', index: 0, id: `call_${index}`, name: 'f' },
		...parts.map((text): ChatEvent => ({ type: 'tool-call-delta', index: 0, arguments: text })),
		finish(5),
	];
	const choices = [
		...of(0, ...call(0, '{"a":', '2}')),
		...of(1, ...call(1, '{"a": 1}')),
		...of(2, ...call(2, '{"a":1', '}')),
	];
	const events = await all(electAnswer(stream(choices), 3));
	expect(events[0]).toMatchObject({ index: 0, event: { type: 'tool-call-start', id: 'call_1' } });
});

test('a sample without an end is a failure', async () => {
	await expect(all(electAnswer(stream(of(0, start, content('7'))), 1))).rejects.toMatchObject({ status: 500 });
});
