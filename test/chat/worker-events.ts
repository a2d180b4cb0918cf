import type { ChatEvent } from '../../src/chat/chat-event.ts';
import type { ChoiceEvent } from '../../src/chat/weave-choices.ts';
import type { PhaseEndReason, WorkerEvent } from '../../src/protocol/worker-api.ts';

/** A worker's events, spelt shortly: tests of the chat room start where a worker ends. */
export const start: WorkerEvent = { type: 'generation-start', promptTokens: 10, cachedTokens: 4 };

let lastId = 100;

function delta(phase: 'reasoning' | 'answer', text: string, special = false): WorkerEvent {
	return { type: 'delta', phase, text, special, ids: [lastId++], logprobs: null };
}
export const think = (text: string) => delta('reasoning', text);
export const say = (text: string) => delta('answer', text);
export const mark = (text: string) => delta('answer', text, true);

export function thoughtEnd(reason: PhaseEndReason, tokens: number, ids = [1, 2]): WorkerEvent {
	return { type: 'phase-end', phase: 'reasoning', reason, tokens, ms: 12.6, emptyRetries: 0, ids };
}

export function end(finishReason: 'stop' | 'length' = 'stop', completionTokens = 9, reasoningTokens = 5): WorkerEvent {
	return {
		type: 'generation-end',
		finishReason,
		promptTokens: 10,
		cachedTokens: 4,
		completionTokens,
		reasoningTokens,
		timings: { queueMs: 0, prefillMs: 1, decodeMs: 2 },
	};
}

export async function* stream<Item>(items: Iterable<Item>): AsyncGenerator<Item, void, undefined> {
	yield* items;
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
	const list: Item[] = [];
	for await (const item of items) list.push(item);
	return list;
}

/** Events of an answer that has one choice. */
export async function* oneChoice(events: AsyncIterable<ChatEvent>): AsyncGenerator<ChoiceEvent, void, undefined> {
	for await (const event of events) yield { index: 0, event };
}
