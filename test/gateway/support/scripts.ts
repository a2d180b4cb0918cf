import type { WorkerEvent } from '../../../src/protocol/worker-api.ts';
import { type FakeScript, fakeInfo } from '../../support/fake-worker.ts';

/** The fake worker as an R1 model: its template opens the thought. */
export const R1_INFO = fakeInfo({
	chatTemplate: [
		'{{ bos_token }}{% for message in messages %}',
		"{% if message.role == 'system' %}{{ message.content }}",
		"{% elif message.role == 'user' %}<｜User｜>{{ message.content }}",
		'{% else %}<｜Assistant｜>{{ message.content }}<｜end▁of▁sentence｜>{% endif %}{% endfor %}',
		'{% if add_generation_prompt %}<｜Assistant｜><think>\n{% endif %}',
	].join(''),
	tokens: {
		bos: '<｜begin▁of▁sentence｜>',
		eos: '<｜end▁of▁sentence｜>',
		special: ['<｜User｜>', '<｜Assistant｜>', '<think>', '</think>'],
	},
	contextTokens: 1000,
});

export const START: WorkerEvent = { type: 'generation-start', promptTokens: 10, cachedTokens: 4 };

export function delta(phase: 'reasoning' | 'answer', text: string, id = 1): WorkerEvent {
	return { type: 'delta', phase, text, special: false, ids: [id], logprobs: null };
}

/** A thought and an answer, a word a delta. */
export function thinkThenSay(thought: string, content: string): FakeScript {
	return async (turn) => {
		await turn.send(...eventsOf(thought, content));
		turn.end();
	};
}

export function eventsOf(thought: string, content: string): WorkerEvent[] {
	const words = (phase: 'reasoning' | 'answer', text: string) =>
		(text.match(/\S+\s*/g) ?? []).map((word, index) => delta(phase, word, index));
	const thoughts = words('reasoning', thought);
	const answer = words('answer', content);
	const tokens = thoughts.length;
	return [
		START,
		{ type: 'prefill-progress', evaluatedTokens: 10, totalTokens: 10 },
		...thoughts,
		{ type: 'phase-end', phase: 'reasoning', reason: 'closed', tokens, ms: 1, emptyRetries: 0, ids: [0] },
		...answer,
		{
			type: 'generation-end',
			finishReason: 'stop',
			promptTokens: 10,
			cachedTokens: 4,
			completionTokens: tokens + 1 + answer.length,
			reasoningTokens: tokens + 1,
			timings: { queueMs: 0, prefillMs: 1, decodeMs: 1 },
		},
	];
}

/** One word of thought, then silence until the reader leaves. */
export const thinksForever: FakeScript = async (turn) => {
	await turn.send(START, delta('reasoning', 'Hm. '));
	await turn.closed;
};

/** As many words as are taken, until the reader leaves. */
export const talksForever: FakeScript = async (turn) => {
	await turn.send(START);
	const words = delta('answer', 'All work and no play. '.repeat(200));
	while (!turn.response.destroyed) await turn.send(words);
};

/** Holds the slot and says nothing at all, not even that it has begun. */
export const neverBegins: FakeScript = async (turn) => {
	await turn.closed;
};

/** A word of the answer, then the connection is reset. */
export const diesAfterAWord: FakeScript = async (turn) => {
	await turn.send(START, delta('answer', 'So '));
	turn.reset();
};
