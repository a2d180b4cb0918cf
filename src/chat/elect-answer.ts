import { workerFailed } from '../errors.ts';
import type { ChatEvent, TokenUsage } from './chat-event.ts';
import { type Ballot, elect } from './consensus.ts';
import type { ChoiceEvent } from './weave-choices.ts';

type Finish = Extract<ChatEvent, { type: 'finish' }>;
type Sample = { events: ChatEvent[]; ballot: Ballot; finish: Finish | null };

/**
 * The events of the sample whose final answer most samples share, once all have ended; until then only the first one's
 * start and progress, all as one choice. Its usage is that of all samples: the prompt once, everything generated in full. Throws what the
 * samples throw.
 */
export async function* electAnswer(
	choices: AsyncIterable<ChoiceEvent>,
	count: number,
): AsyncGenerator<ChoiceEvent, void, undefined> {
	const samples = Array.from({ length: count }, newSample);
	for await (const { index, event } of choices) {
		const sample = samples[index];
		if (sample === undefined) continue;
		if (event.type === 'start' || event.type === 'progress') {
			if (index === 0) yield { index, event };
		} else take(sample, event);
	}
	const { winner, votes } = elect(samples.map(({ ballot }) => ballot));
	const won = samples[winner];
	if (won?.finish == null) throw workerFailed('A sample ended without a finish reason.');
	for (const event of won.events) yield { index: 0, event };
	const finish = { ...won.finish, usage: sumOf(samples), reasoning: { ...won.finish.reasoning, votes } };
	yield { index: 0, event: finish };
}

function newSample(): Sample {
	return { events: [], ballot: { content: '', calls: [], isCut: true }, finish: null };
}

function take(sample: Sample, event: ChatEvent): void {
	const { ballot } = sample;
	if (event.type === 'finish') {
		sample.finish = event;
		sample.ballot = { ...ballot, isCut: event.finishReason === 'length' };
		return;
	}
	sample.events.push(event);
	if (event.type === 'content-delta') sample.ballot = { ...ballot, content: ballot.content + event.text };
	if (event.type === 'tool-call-start') {
		sample.ballot = { ...ballot, calls: [...ballot.calls, { name: event.name, arguments: '' }] };
	}
	if (event.type === 'tool-call-delta') {
		const calls = ballot.calls.map((call, index) =>
			index === event.index ? { ...call, arguments: call.arguments + event.arguments } : call,
		);
		sample.ballot = { ...ballot, calls };
	}
}

function sumOf(samples: readonly Sample[]): TokenUsage {
	const all = samples.flatMap(({ finish }) => (finish === null ? [] : [finish.usage]));
	const sum = (read: (usage: TokenUsage) => number) => all.reduce((total, usage) => total + read(usage), 0);
	return {
		promptTokens: all[0]?.promptTokens ?? 0,
		cachedTokens: all[0]?.cachedTokens ?? 0,
		completionTokens: sum(({ completionTokens }) => completionTokens),
		reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens),
	};
}
