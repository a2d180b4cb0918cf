import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerParser } from '../../src/chat/answer-parser.ts';
import type { ChatEvent } from '../../src/chat/chat-event.ts';
import { collectCompletion } from '../../src/chat/collect-completion.ts';
import { encodeChunks } from '../../src/chat/encode-chunks.ts';
import { type ParseOptions, parseOutput } from '../../src/chat/parse-output.ts';
import type { TokenLogprob, WorkerEvent } from '../../src/protocol/worker-api.ts';
import { meta } from './completion-meta.ts';
import { all, end, oneChoice, start, stream, thoughtEnd } from './worker-events.ts';

const plain: ParseOptions = { stop: [], reasoning: { mode: 'on', budgetTokens: null } };

function entry(bytes: Uint8Array): TokenLogprob {
	return { id: 1, bytes: Buffer.from(bytes).toString('base64'), logprob: -0.5, top: [] };
}

function delta(phase: 'reasoning' | 'answer', text: string, tokens: Uint8Array[], special = false): WorkerEvent {
	return { type: 'delta', phase, text, special, ids: tokens.map(() => 1), logprobs: tokens.map(entry) };
}

/** A text cut into tokens at any byte, each in a delta with the characters that it completes, as a worker sends it. */
function deltas(phase: 'reasoning' | 'answer', text: string, cuts: readonly number[]): WorkerEvent[] {
	const bytes = Buffer.from(text);
	const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
	const decoder = new TextDecoder();
	let from = 0;
	return ends.flatMap((to) => {
		if (to === from) return [];
		const token = bytes.subarray(from, to);
		from = to;
		return [delta(phase, decoder.decode(token, { stream: true }), [token])];
	});
}

function shown(events: ChatEvent[], type: 'content-delta' | 'reasoning-delta') {
	const found = events.flatMap((event) => (event.type === type ? [event] : []));
	const entries = found.flatMap(({ logprobs }) => logprobs ?? []);
	return {
		text: found.map(({ text }) => text).join(''),
		tokens: Buffer.concat(entries.map(({ bytes }) => Buffer.from(bytes, 'base64'))).toString(),
	};
}

const text = fc.string({ unit: fc.constantFrom('a', 'S', 'T', 'é', '漢', '🧮', ' '), maxLength: 16 });
const cuts = fc.array(fc.nat(64), { maxLength: 12 });

test('however tokens fall on characters and stop strings, the tokens that are told are the text', async () => {
	await fc.assert(
		fc.asyncProperty(text, cuts, text, cuts, async (thought, thoughtCuts, answer, answerCuts) => {
			const events = [
				start,
				...deltas('reasoning', thought, thoughtCuts),
				thoughtEnd('closed', 1),
				...deltas('answer', answer, answerCuts),
				end(),
			];
			for (const stop of [[], ['ST'], ['漢S', '🧮']]) {
				const parsed = await all(parseOutput(stream(events), { ...plain, stop }));
				const content = shown(parsed, 'content-delta');
				expect(content.tokens).toBe(content.text);
				const reasoning = shown(parsed, 'reasoning-delta');
				expect(reasoning).toEqual({ text: thought, tokens: thought });
			}
		}),
		{ numRuns: 500 },
	);
});

test('a token that the stop string cuts in two is told by what is shown of it', async () => {
	const events = [start, delta('answer', 'ab', [Buffer.from('ab')]), end()];
	const parsed = await all(parseOutput(stream(events), { ...plain, stop: ['b'] }));
	expect(shown(parsed, 'content-delta')).toEqual({ text: 'a', tokens: 'a' });
});

test('a control token in the answer is neither text nor a token of it', async () => {
	const mark = '<｜User｜>';
	const events = [
		start,
		delta('answer', 'a', [Buffer.from('a')]),
		delta('answer', mark, [Buffer.from(mark)], true),
		delta('answer', 'b', [Buffer.from('b')]),
		end(),
	];
	expect(shown(await all(parseOutput(stream(events), plain)), 'content-delta')).toEqual({ text: 'ab', tokens: 'ab' });
});

describe('with tools', () => {
	const parser: () => AnswerParser = () => ({
		push: (piece, special) =>
			special ? [{ type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' }] : [{ type: 'content', text: piece }],
		end: () => [],
	});

	test('tokens of a call are nobody’s', async () => {
		const events = [
			start,
			delta('answer', 'Well', [Buffer.from('Well')]),
			delta('answer', '<call>', [Buffer.from('<call>')], true),
			end(),
		];
		const parsed = await all(parseOutput(stream(events), { ...plain, newAnswerParser: parser }));
		expect(shown(parsed, 'content-delta')).toEqual({ text: 'Well', tokens: 'Well' });
	});
});

test('streamed and whole tell the same tokens', async () => {
	const events = [
		start,
		...deltas('reasoning', 'hm 🧮', [1, 5]),
		thoughtEnd('closed', 1),
		...deltas('answer', 'é漢', [1, 3]),
		end(),
	];
	const whole = await collectCompletion(oneChoice(parseOutput(stream(events), plain)), meta);
	const chunks = await all(encodeChunks(oneChoice(parseOutput(stream(events), plain)), meta));
	const streamed = chunks.flatMap(({ choices }) => choices[0]?.logprobs ?? []);
	expect(whole.choices[0]?.logprobs).toEqual({
		content: streamed.flatMap(({ content }) => content ?? []),
		refusal: null,
		reasoning_content: streamed.flatMap(({ reasoning_content: thought }) => thought ?? []),
	});
});
