import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedGenerator } from '../../src/worker/load-model.ts';
import { ask, loadEmbedded, phase, reasoning, run, sampling } from './support/engine.ts';

let model: LoadedGenerator;

beforeAll(async () => {
	model = await loadEmbedded({ slots: 3 });
});

afterAll(async () => {
	await model.engine.close();
	await model.dispose();
});

const question = 'What is 17+25?';
/** However fast the machine is, it is not over before somebody can end it. */
const endlessThought = () =>
	reasoning({
		sampling: sampling({
			logitBias: [model.vocabulary.eos, model.vocabulary.marks.get('</think>')].map((id) => [id ?? 0, -100]),
		}),
	});

describe('a generation', () => {
	it('thinks, then answers, without a tag or the whitespace of the format', async () => {
		const result = await run(model.engine, ask(question));
		expect(result.answer).toContain('42');
		expect(result.reasoning).toMatch(/^\S[\s\S]*\S$/);
		expect(result.answer).toMatch(/^\S/);
		expect(`${result.reasoning}${result.answer}`).not.toContain('think>');
		expect(result.phaseEnds.map(({ phase, reason }) => [phase, reason])).toEqual([
			['reasoning', 'closed'],
			['answer', 'eos'],
		]);
	});

	it('ends an answer of characters that no token holds whole where the model ends it', async () => {
		const { answer, end } = await run(
			model.engine,
			ask('什么是黑洞？', { phases: [reasoning(), phase({ emptyRetries: 1 })] }),
		);
		expect(answer).toMatch(/^\P{ASCII}+$/u);
		expect(end?.finishReason).toBe('stop');
	});

	it('starts with generation-start, ends with generation-end, and counts every id that it sent', async () => {
		const { events, ids, end, phaseEnds } = await run(model.engine, ask(question));
		expect(events[0]?.type).toBe('generation-start');
		expect(events.at(-1)).toBe(end);
		expect(end?.completionTokens).toBe(ids.length);
		expect(end?.reasoningTokens).toBe((phaseEnds[0]?.tokens ?? 0) + 1);
		expect(end?.finishReason).toBe('stop');
	});

	it('joins tokens that come faster than the interval, and loses none', async () => {
		const whole = await run(model.engine, ask(question, { eventIntervalMs: 0 }));
		const joined = await run(model.engine, ask(question, { eventIntervalMs: 60_000 }));
		const deltas = (events: typeof whole.events) => events.filter((event) => event.type === 'delta');
		expect(joined.ids).toEqual(whole.ids);
		expect([joined.reasoning, joined.answer]).toEqual([whole.reasoning, whole.answer]);
		expect(deltas(joined.events).length).toBeLessThan(deltas(whole.events).length / 4);
		expect(deltas(joined.events)[0]).toEqual(deltas(whole.events)[0]);
	});

	it('gives the same text for the same seed and another for another', async () => {
		const drawn = (seed: number) =>
			run(
				model.engine,
				ask(question, {
					// So hot that a model that knows the answer does not give the same thought every time.
					phases: [reasoning({ sampling: sampling({ temperature: 4, seed }) }), phase()],
					cacheScope: `seed-${seed}`,
					maxTokens: 60,
				}),
			);
		const [first, again, other] = [await drawn(1), await drawn(1), await drawn(2)];
		expect(again.reasoning).toBe(first.reasoning);
		expect(other.reasoning).not.toBe(first.reasoning);
	});

	it('says the same alone and in a batch', async () => {
		const questions = [question, 'What is 3 times 4?', 'How many letters are in apple?'];
		const alone = [];
		for (const text of questions) alone.push((await run(model.engine, ask(text, { cacheScope: 'alone' }))).ids);
		const together = await Promise.all(questions.map((text) => run(model.engine, ask(text, { cacheScope: 'batch' }))));
		expect(together.map(({ ids }) => ids)).toEqual(alone);
	});

	it('gives log-probabilities whose bytes, joined, are the visible text of each side', async () => {
		const result = await run(model.engine, ask(question, { logprobs: 2 }));
		for (const side of ['reasoning', 'answer'] as const) {
			const tokens = result.events.flatMap((event) =>
				event.type === 'delta' && event.phase === side ? (event.logprobs ?? []) : [],
			);
			const text = Buffer.concat(tokens.map(({ bytes }) => Buffer.from(bytes, 'base64'))).toString('utf8');
			expect(text).toBe(result[side]);
			for (const token of tokens) {
				expect(token.logprob).toBeLessThanOrEqual(1e-6);
				expect(token.top).toHaveLength(2);
				expect(token.top[0]?.id).toBe(token.id);
				expect(token.top[0]?.logprob).toBeCloseTo(token.logprob, 5);
			}
		}
	});

	it('is turned by a logit bias', async () => {
		const plain = await run(model.engine, ask(question, { phases: [phase()], maxTokens: 1 }));
		const biased = await run(
			model.engine,
			ask(question, {
				phases: [phase({ sampling: sampling({ logitBias: [[plain.ids[0] ?? 0, -100]] }) })],
				maxTokens: 1,
			}),
		);
		expect(biased.ids[0]).not.toBe(plain.ids[0]);
	});
});

describe('penalties', () => {
	it('keep a text from repeating itself, and count nothing of a former generation', async () => {
		const say = (frequencyPenalty: number) =>
			run(
				model.engine,
				ask('x', {
					phases: [phase({ sampling: sampling({ frequencyPenalty, logitBias: [[97, 24]] }) })],
					maxTokens: 24,
					cacheScope: 'penalty',
				}),
			);
		const repeats = ({ ids }: { ids: number[] }) => ids.filter((id) => id === 97).length;
		const free = await say(0);
		const penalised = await say(2);
		expect(repeats(penalised)).toBeLessThan(repeats(free));
		expect((await say(2)).ids).toEqual(penalised.ids);
		expect((await say(0)).ids).toEqual(free.ids);
	});
});

describe('thinking', () => {
	it('stops at its budget with the closing words, and the answer follows', async () => {
		const closing = ' Time to answer.';
		const result = await run(model.engine, ask(question, { phases: [reasoning({ maxTokens: 5, closing }), phase()] }));
		expect(result.reasoning.endsWith('Time to answer.')).toBe(true);
		expect(result.answer).not.toBe('');
		expect(result.phaseEnds[0]).toMatchObject({
			reason: 'budget',
			tokens: 5 + model.vocabulary.tokenise(closing, false).length,
		});
	});

	it('closes at a line end from the soft limit on', async () => {
		const phases = [reasoning({ softLimitTokens: 5, maxTokens: 40 }), phase()];
		const free = await run(model.engine, ask(question));
		const result = await run(model.engine, ask(question, { phases }));
		expect(result.phaseEnds[0]?.reason).toBe('budget');
		expect(free.reasoning.startsWith(`${result.reasoning}\n`)).toBe(true);
	});

	it('does not begin with a budget of nothing', async () => {
		const result = await run(model.engine, ask(question, { phases: [reasoning({ maxTokens: 0 }), phase()] }));
		expect(result.reasoning).toBe('');
		expect(result.phaseEnds[0]).toMatchObject({ reason: 'budget', tokens: 0 });
		expect(result.answer).not.toBe('');
	});

	it('ends for the client within a step, and the answer follows', async () => {
		const request = ask(question, { phases: [endlessThought(), phase()], maxTokens: 900, eventIntervalMs: 0 });
		let ids = 0;
		let toldUntilThen = 0;
		const result = await run(model.engine, request, (event) => {
			if (event.type !== 'delta') return;
			ids += event.ids.length;
			if (toldUntilThen > 0 || ids < 3) return;
			expect(model.engine.endPhase(request.requestId, 'reasoning')).toBe(true);
			toldUntilThen = ids;
			// What is told in the same breath was there before: on a busy machine steps are ahead of whoever listens.
			queueMicrotask(() => {
				toldUntilThen = ids;
			});
		});
		expect(result.phaseEnds[0]?.reason).toBe('ended-by-client');
		expect(result.phaseEnds[0]?.tokens).toBeLessThanOrEqual(toldUntilThen + 3);
		expect(result.answer).not.toBe('');
		expect(model.engine.endPhase(request.requestId, 'reasoning')).toBe(false);
	});

	it('ends by length when max tokens are used up, and says so', async () => {
		const result = await run(model.engine, ask(question, { maxTokens: 7 }));
		expect(result.end).toMatchObject({ finishReason: 'length', completionTokens: 7, reasoningTokens: 7 });
		expect(result.phaseEnds.map(({ reason }) => reason)).toEqual(['length']);
		expect(result.answer).toBe('');
	});

	it('is optional for a model that would have to open it', async () => {
		const prompt = [
			{ text: '<｜User｜>', special: true },
			{ text: question, special: false },
			{ text: '<｜Assistant｜>', special: true },
		];
		const willing = sampling({ logitBias: [[model.vocabulary.marks.get('<think>') ?? 0, 100]] });
		const opens = await run(
			model.engine,
			ask(question, {
				prompt,
				phases: [reasoning({ startToken: '<think>', maxTokens: 2, sampling: willing }), phase()],
			}),
		);
		expect(opens.phaseEnds[0]).toMatchObject({ reason: 'budget', tokens: 2 });
		expect(opens.end).toMatchObject({ completionTokens: opens.ids.length, reasoningTokens: 4 });
		const skips = await run(
			model.engine,
			ask(question, { prompt, phases: [reasoning({ startToken: '<｜tool▁sep｜>' }), phase()] }),
		);
		expect(skips.phaseEnds[0]).toMatchObject({ reason: 'skipped', tokens: 0 });
		expect(skips.end?.completionTokens).toBe(skips.ids.length);
	});

	it('that comes out empty is refused once', async () => {
		const [close] = model.vocabulary.tokenise('</think>', true);
		const eager = sampling({ logitBias: [[close ?? 0, 100]] });
		const once = await run(
			model.engine,
			ask(question, { phases: [reasoning({ emptyRetries: 1, sampling: eager }), phase()] }),
		);
		expect(once.phaseEnds[0]).toMatchObject({ reason: 'closed', emptyRetries: 1 });
		expect(once.reasoning).not.toBe('');
		const never = await run(model.engine, ask(question, { phases: [reasoning({ sampling: eager }), phase()] }));
		expect(never.reasoning).toBe('');
		expect(never.answer).not.toBe('');
	});
});

describe('a grammar', () => {
	const yesOrNo = { gbnf: 'root ::= "yes" | "no"', triggerToken: null };

	it('binds the answer from its first token and leaves the thought free', async () => {
		const result = await run(model.engine, ask(question, { phases: [reasoning(), phase({ grammar: yesOrNo })] }));
		expect(['yes', 'no']).toContain(result.answer);
		expect(result.reasoning).toContain('42');
		expect(result.end?.finishReason).toBe('stop');
	});

	it('can make a character whose bytes are tokens of their own, which is shown whole', async () => {
		const grammar = { gbnf: 'root ::= "é→😀\\n"', triggerToken: null };
		const result = await run(model.engine, ask(question, { phases: [phase({ grammar })] }));
		expect(result.answer).toBe('é→😀\n');
		expect(result.ids.length).toBeGreaterThan(3);
		for (const event of result.events) if (event.type === 'delta') expect(event.text).not.toContain('\ufffd');
	});

	it('sleeps until its trigger token', async () => {
		const free = await run(model.engine, ask(question, { phases: [phase()] }));
		const third = model.vocabulary.piece(free.ids[2] ?? 0).text ?? '';
		const grammar = { gbnf: 'root ::= "!?"', triggerToken: third };
		const result = await run(model.engine, ask(question, { phases: [phase({ grammar })] }));
		const head = free.ids.slice(0, free.ids.indexOf(free.ids[2] ?? 0) + 1);
		expect(result.ids.slice(0, head.length)).toEqual(head);
		expect(result.answer.endsWith('!?')).toBe(true);
	});

	it('that cannot be parsed, or would overflow the parser, is a 400', async () => {
		for (const gbnf of ['root ::= ("a"', 'nonsense', `root ::= ${'('.repeat(20_000)}"a"${')'.repeat(20_000)}`]) {
			const request = ask(question, { phases: [phase({ grammar: { gbnf, triggerToken: null } })] });
			await expect(run(model.engine, request)).rejects.toMatchObject({ status: 400, code: 'invalid_value' });
		}
	});
});

describe('the cache', () => {
	it('reuses a prefix inside one scope, with the cold result', async () => {
		const cold = await run(model.engine, ask(question, { cacheScope: 'cold' }));
		const warm = await run(model.engine, ask(question, { cacheScope: 'cold' }));
		const foreign = await run(model.engine, ask(question, { cacheScope: 'foreign' }));
		expect(cold.end?.cachedTokens).toBe(0);
		expect(warm.end?.cachedTokens).toBe((warm.end?.promptTokens ?? 0) - 1);
		expect(foreign.end?.cachedTokens).toBe(0);
		expect(warm.ids).toEqual(cold.ids);
	});

	it('continues what another worker began, and repeats nothing of it', async () => {
		const whole = await run(model.engine, ask(question, { cacheScope: 'whole' }));
		for (const cut of [1, 10, whole.ids.length - 14, whole.ids.length - 12, whole.ids.length - 3]) {
			const resume = whole.ids.slice(0, cut);
			const rest = await run(model.engine, ask(question, { resume, cacheScope: `resume-${cut}` }));
			expect([...resume, ...rest.ids]).toEqual(whole.ids);
			expect(whole.reasoning.endsWith(rest.reasoning)).toBe(true);
			expect(whole.answer.endsWith(rest.answer)).toBe(true);
			expect(rest.end).toMatchObject({
				promptTokens: whole.end?.promptTokens,
				completionTokens: whole.end?.completionTokens,
				reasoningTokens: whole.end?.reasoningTokens,
			});
		}
	});

	it('continues a thought that its budget was about to close', async () => {
		const phases = [reasoning({ maxTokens: 6, closing: ' Done.' }), phase()];
		const whole = await run(model.engine, ask(question, { phases, cacheScope: 'whole' }));
		// End token and separator come in one event: no worker dies between them.
		const inClosing = (whole.phaseEnds[0]?.tokens ?? 0) + 1;
		for (let cut = 4; cut < 14; cut++) {
			if (cut === inClosing) continue;
			const resume = whole.ids.slice(0, cut);
			const rest = await run(model.engine, ask(question, { phases, resume, cacheScope: 'rest' }));
			expect([...resume, ...rest.ids]).toEqual(whole.ids);
		}
	});
});

describe('limits', () => {
	it('refuse a prompt that does not fit, with the numbers', async () => {
		await expect(run(model.engine, ask('a b '.repeat(2000)))).rejects.toMatchObject({
			status: 400,
			code: 'context_length_exceeded',
			message: expect.stringContaining('1024 tokens'),
		});
	});

	it('refuse unknown tokens and end tokens that are none', async () => {
		const unknown = ask(question, { prompt: [{ tokens: [1, 999_999] }] });
		await expect(run(model.engine, unknown)).rejects.toMatchObject({ status: 400 });
		const endToken = ask(question, { phases: [reasoning({ endToken: 'not one token' }), phase()] });
		await expect(run(model.engine, endToken)).rejects.toMatchObject({ param: 'phases[0].endToken' });
	});

	it('end a generation by length when the context is full, to the last cell', async () => {
		const filler = Array.from({ length: 1000 }, () => 97);
		const forever = sampling({ logitBias: [[97, 100]] });
		const result = await run(
			model.engine,
			ask('', { prompt: [{ tokens: filler }], phases: [phase({ sampling: forever })], maxTokens: null }),
		);
		expect(result.end).toMatchObject({ finishReason: 'length', promptTokens: 1000, completionTokens: 25 });
	});

	it('answer with nothing when nothing may be generated', async () => {
		const result = await run(model.engine, ask(question, { maxTokens: 0 }));
		expect(result.end).toMatchObject({ finishReason: 'length', completionTokens: 0 });
	});
});

describe('a client that leaves', () => {
	it('frees the slot during decode, and the others go on', async () => {
		const other = run(model.engine, ask('What is 3 times 4?'));
		let deltas = 0;
		const gone = await run(model.engine, ask(question, { eventIntervalMs: 0 }), (event, handle) => {
			if (event.type === 'delta' && ++deltas === 2) handle().cancel();
		});
		expect(gone.end).toBeNull();
		expect(gone.ids.length).toBeLessThanOrEqual(4);
		expect((await other).end?.finishReason).toBe('stop');
		expect(model.engine.health()).toMatchObject({ busySlots: 0, waiting: 0 });
	});

	it('frees the slot during prefill after one slice', async () => {
		const gone = await run(model.engine, ask('word '.repeat(900), { cacheScope: 'long' }), (event, handle) => {
			if (event.type === 'prefill-progress') handle().cancel();
		});
		const slices = gone.events.filter(({ type }) => type === 'prefill-progress');
		expect(slices.length).toBeLessThanOrEqual(2);
		expect(gone.events.some(({ type }) => type === 'delta')).toBe(false);
		expect(model.engine.health().busySlots).toBe(0);
	});

	it('leaves the queue, and never runs', async () => {
		const running = [1, 2, 3].map((n) => run(model.engine, ask(`What is ${n}+${n}?`)));
		const queued = model.engine.generate(ask(question), () => {
			throw new TypeError('it ran');
		});
		queued.cancel();
		await Promise.all(running);
		expect(model.engine.health()).toMatchObject({ busySlots: 0, waiting: 0 });
	});
});

describe('more requests than slots', () => {
	it('wait for their turn, and are refused beyond that', async () => {
		const running = Array.from({ length: 15 }, (_, n) => run(model.engine, ask(`What is ${n}+1?`, { maxTokens: 8 })));
		await expect(run(model.engine, ask(question))).rejects.toMatchObject({ status: 503, code: 'overloaded' });
		for (const { end } of await Promise.all(running)) expect(end?.completionTokens).toBe(8);
	});
});

describe('a long prompt among decoding streams', () => {
	it('is read in slices, between which every stream takes a step', async () => {
		const deltasAtSlice: number[] = [];
		let deltas = 0;
		let isReading = false;
		let begin = () => {};
		const begun = new Promise<void>((resolve) => {
			begin = resolve;
		});
		const stream = run(model.engine, ask(question, { cacheScope: 'stream', eventIntervalMs: 0 }), (event) => {
			if (event.type !== 'delta') return;
			deltas++;
			begin();
		});
		await begun;
		const reader = run(model.engine, ask('word '.repeat(300), { cacheScope: 'reader', maxTokens: 1 }), (event) => {
			if (event.type !== 'prefill-progress') return;
			isReading = true;
			deltasAtSlice.push(deltas);
		});
		await Promise.all([stream, reader]);
		expect(isReading).toBe(true);
		expect(deltasAtSlice.length).toBeGreaterThan(3);
		expect((deltasAtSlice.at(-1) ?? 0) - (deltasAtSlice[1] ?? 0)).toBeGreaterThanOrEqual(deltasAtSlice.length - 3);
	});
});
