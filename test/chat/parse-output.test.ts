import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerParser } from '../../src/chat/answer-parser.ts';
import type { ChatEvent } from '../../src/chat/chat-event.ts';
import { type ParseOptions, parseOutput } from '../../src/chat/parse-output.ts';
import type { TokenLogprob, WorkerEvent } from '../../src/protocol/worker-api.ts';
import { all, end, mark, say, start, stream, think, thoughtEnd } from './worker-events.ts';

const plain: ParseOptions = { stop: [], reasoning: { mode: 'on', budgetTokens: 100 } };

function parse(events: WorkerEvent[], options: Partial<ParseOptions> = {}): Promise<ChatEvent[]> {
	return all(parseOutput(stream(events), { ...plain, ...options }));
}

function texts(events: ChatEvent[]): { reasoning: string; content: string; finish: ChatEvent | undefined } {
	let reasoning = '';
	let content = '';
	for (const event of events) {
		if (event.type === 'reasoning-delta') reasoning += event.text;
		if (event.type === 'content-delta') content += event.text;
	}
	return { reasoning, content, finish: events.at(-1) };
}

test('a thought and an answer', async () => {
	const events = [start, think('hm'), thoughtEnd('closed', 1), say('4'), say('2'), end()];
	expect(await parse(events)).toEqual([
		{ type: 'start', promptTokens: 10, cachedTokens: 4 },
		{ type: 'reasoning-delta', text: 'hm', logprobs: null },
		{ type: 'content-delta', text: '4', logprobs: null },
		{ type: 'content-delta', text: '2', logprobs: null },
		{
			type: 'finish',
			finishReason: 'stop',
			usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 9, reasoningTokens: 5 },
			reasoning: { state: 'complete', tokens: 1, ms: 12.6, budgetTokens: 100, emptyRetries: 0 },
		},
	]);
});

test('progress passes through, and a second start, after a retry elsewhere, does not', async () => {
	const progress: WorkerEvent = { type: 'prefill-progress', evaluatedTokens: 3, totalTokens: 10 };
	const types = (await parse([start, progress, start, say('a'), end()])).map((event) => event.type);
	expect(types).toEqual(['start', 'progress', 'content-delta', 'finish']);
});

test('an answer that another worker went on with says so, at its end and at a stop string alike', async () => {
	const resumed: WorkerEvent = { type: 'generation-start', promptTokens: 10, cachedTokens: 0, resumedTokens: 1 };
	const events = [start, think('hm'), resumed, thoughtEnd('closed', 1), resumed, say('42.'), end()];
	for (const stop of [[], ['.']]) {
		const parsed = await parse(events, { stop });
		expect(parsed.filter((event) => event.type === 'start')).toHaveLength(1);
		expect(parsed.at(-1)).toMatchObject({ type: 'finish', reasoning: { state: 'complete', resumes: 2 } });
	}
});

test('deltas without text, as while a character is incomplete, are counted and not shown', async () => {
	const events = await parse([start, think(''), think('é'), thoughtEnd('closed', 2), say(''), say('x'), end()]);
	expect(events.map((event) => event.type)).toEqual(['start', 'reasoning-delta', 'content-delta', 'finish']);
});

test('a control token in an answer is no text, unless a grammar matched it as text', async () => {
	const events = [start, say('{"a":"'), mark('</think>'), say('"}'), end()];
	expect(texts(await parse(events)).content).toBe('{"a":""}');
	expect(texts(await parse(events, { marksAreText: true })).content).toBe('{"a":"</think>"}');
});

describe('stop strings', () => {
	test('act on the answer alone', async () => {
		const events = [start, think('STOP STOP'), thoughtEnd('closed', 2), say('yes ST'), say('OP no'), end()];
		const { reasoning, content, finish } = texts(await parse(events, { stop: ['STOP'] }));
		expect({ reasoning, content }).toEqual({ reasoning: 'STOP STOP', content: 'yes ' });
		expect(finish).toMatchObject({ finishReason: 'stop' });
	});

	test('return early, which closes the source, and usage is what came until then', async () => {
		let isClosed = false;
		async function* source(): AsyncGenerator<WorkerEvent> {
			try {
				yield start;
				yield think('hm');
				yield thoughtEnd('closed', 1);
				yield say('a');
				yield say('STOP');
				throw new Error('read on after the stop');
			} finally {
				isClosed = true;
			}
		}
		const events = parseOutput(source(), { ...plain, stop: ['STOP'] });
		for await (const event of events) {
			if (event.type !== 'finish') continue;
			expect(isClosed).toBe(true);
			// thought 1, its end token and separator 2, answer 2; the end token is the thought's, the separator is not
			expect(event.usage).toEqual({ promptTokens: 10, cachedTokens: 4, completionTokens: 5, reasoningTokens: 2 });
		}
		expect(isClosed).toBe(true);
	});

	test('a stop string that never completes is text', async () => {
		const { content } = texts(await parse([start, say('ab ST'), end()], { stop: ['STOP'] }));
		expect(content).toBe('ab ST');
	});

	test('a stop that comes just as the tokens run out is a stop', async () => {
		const { finish } = texts(await parse([start, say('abSTOP'), end('length')], { stop: ['STOP'] }));
		expect(finish).toMatchObject({ finishReason: 'stop' });
	});
});

describe('how the thought ended', () => {
	test.each([
		['closed', 'complete'],
		['budget', 'budget'],
		['length', 'length'],
		['skipped', 'skipped'],
		['deadline', 'ended'],
		['loop', 'ended'],
		['ended-by-client', 'ended'],
		['eos', 'ended'],
	] as const)('%s is told as %s', async (reason, state) => {
		const { finish } = texts(await parse([start, think('Hm.'), thoughtEnd(reason, 120), end()]));
		expect(finish).toMatchObject({ reasoning: { state, tokens: 120, budgetTokens: 100 } });
	});

	test('a budget that the context made smaller is the one that is told', async () => {
		const { finish } = texts(await parse([start, thoughtEnd('budget', 30), end()]));
		expect(finish).toMatchObject({ reasoning: { state: 'budget', tokens: 30, budgetTokens: 30 } });
	});

	test('the budget that the worker kept is the one that is told', async () => {
		const closed = { ...thoughtEnd('budget', 48), budgetTokens: 40 };
		const { finish } = texts(await parse([start, think('Hm.'), closed, end()]));
		expect(finish).toMatchObject({ reasoning: { state: 'budget', tokens: 48, budgetTokens: 40 } });
	});

	test('a thought of white space alone was none, tried again or not', async () => {
		const closed = { ...thoughtEnd('closed', 1), emptyRetries: 1 };
		const { finish } = texts(await parse([start, think('\n'), closed, end()]));
		expect(finish).toMatchObject({ reasoning: { state: 'skipped', tokens: 1, emptyRetries: 1 } });
	});

	test.each([
		['on', 'length'],
		['off', 'skipped'],
		['never', 'none'],
	] as const)('planned %s and nothing reported: %s', async (mode, state) => {
		const { finish } = texts(await parse([start, end('length')], { reasoning: { mode, budgetTokens: null } }));
		expect(finish).toMatchObject({ finishReason: 'length', reasoning: { state } });
	});
});

describe('control tokens and tool calls', () => {
	test('a control token in an answer without tools is not text', async () => {
		const { content } = texts(await parse([start, say('a'), mark('<｜tool▁calls▁begin｜>'), say('b'), end()]));
		expect(content).toBe('ab');
	});

	/** One call between two marks, its arguments as they come. */
	function markedCalls(): AnswerParser {
		let isInside = false;
		return {
			push(text, special) {
				if (special) {
					isInside = !isInside;
					return isInside ? [{ type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' }] : [];
				}
				return [isInside ? { type: 'tool-call-delta', index: 0, arguments: text } : { type: 'content', text }];
			},
			end: () => [],
		};
	}

	test('calls come before stop strings are looked for, and give the finish reason', async () => {
		const source = [start, say('So: S'), mark('<'), say('{"a":"STOP"}'), mark('>'), end()];
		const events = await parse(source, { stop: ['STOP'], newAnswerParser: markedCalls });
		expect(events.slice(1)).toMatchObject([
			{ type: 'content-delta', text: 'So: ' },
			{ type: 'content-delta', text: 'S' },
			{ type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' },
			{ type: 'tool-call-delta', index: 0, arguments: '{"a":"STOP"}' },
			{ type: 'finish', finishReason: 'tool_calls' },
		]);
	});

	test('a call that the tokens ran out in ends with length', async () => {
		const events = await parse([start, mark('<'), say('{"a'), end('length')], { newAnswerParser: markedCalls });
		expect(events.at(-1)).toMatchObject({ finishReason: 'length' });
	});
});

describe('failures', () => {
	test('an error event throws', async () => {
		const failing: WorkerEvent[] = [
			start,
			{ type: 'generation-error', code: 'decode_failed', message: 'Decode failed.' },
		];
		await expect(parse(failing)).rejects.toMatchObject({ code: 'worker_crashed', message: 'Decode failed.' });
	});

	test('a source that ends without saying why throws: it is never a stop', async () => {
		await expect(parse([start, say('a')])).rejects.toMatchObject({ code: 'worker_crashed' });
	});

	test('what the source throws passes through', async () => {
		async function* source(): AsyncGenerator<WorkerEvent> {
			yield start;
			throw new RangeError('as it was');
		}
		await expect(all(parseOutput(source(), plain))).rejects.toThrow('as it was');
	});
});

test('log-probabilities go out with the delta that ends their text', async () => {
	const entry = (token: string): TokenLogprob => ({
		id: 1,
		bytes: Buffer.from(token).toString('base64'),
		logprob: -0.5,
		top: [],
	});
	const delta = (text: string, tokens: string[]): WorkerEvent => ({
		type: 'delta',
		phase: 'answer',
		text,
		special: false,
		ids: [1],
		logprobs: tokens.map(entry),
	});
	const events = await parse([start, delta('a S', ['a', ' S']), delta('T', ['T']), delta('é', ['é']), end()], {
		stop: ['STOP'],
	});
	const shown = events.flatMap((event) =>
		event.type === 'content-delta'
			? [[event.text, ...(event.logprobs ?? []).map(({ bytes }) => Buffer.from(bytes, 'base64').toString())]]
			: [],
	);
	expect(shown).toEqual([
		['a ', 'a'],
		['STé', ' S', 'T', 'é'],
	]);
});

test('however the worker cuts its text, the client reads the same', async () => {
	const words = fc.string({ unit: fc.constantFrom('a', 'S', 'T', 'O', 'P', '\n', '漢'), maxLength: 12 });
	await fc.assert(
		fc.asyncProperty(words, words, fc.nat(12), fc.nat(12), async (thought, answer, first, second) => {
			const cut = (text: string, ...at: number[]) => {
				const sorted = [0, ...at, text.length].sort((a, b) => a - b);
				return sorted.slice(1).map((stop, index) => text.slice(sorted[index], stop));
			};
			const options = { stop: ['STOP', 'TT'] };
			const whole = [start, think(thought), thoughtEnd('closed', 1), say(answer), end()];
			const split = [
				start,
				...cut(thought, first).map(think),
				thoughtEnd('closed', 1),
				...cut(answer, first, second).map(say),
				end(),
			];
			const expected = texts(await parse(whole, options));
			const got = texts(await parse(split, options));
			expect([got.reasoning, got.content]).toEqual([expected.reasoning, expected.content]);
		}),
		{ numRuns: 500 },
	);
});
