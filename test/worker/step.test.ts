import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';
import { NO_GAPS } from '../../src/worker/batch-gaps.ts';
import type { Native } from '../../src/worker/binding.ts';
import { Engine } from '../../src/worker/engine.ts';
import type { EngineOptions } from '../../src/worker/engine-options.ts';
import { type BoundModel, bindEmbedded, stepByStep } from './support/bound-model.ts';
import { ask, collect, phase, reasoning, run, sampling } from './support/engine.ts';

let bound: BoundModel;
const SLOTS = 3;

beforeAll(async () => {
	bound = await bindEmbedded(SLOTS);
});

afterAll(() => bound.dispose());

/** The engine on a step of one call: ours where the binary has it, and its contract otherwise. */
function engineWith(
	step: Native['step'],
	{ eventIntervalMs = 60_000, rows = NO_GAPS, onFailure = () => undefined }: Partial<EngineOptions> = {},
): Engine {
	const { native, vocabulary } = bound;
	for (let sequence = 0; sequence < SLOTS; sequence += 1) native.context.disposeSequence(sequence);
	return new Engine({
		native: { ...native, step },
		vocabulary,
		slots: SLOTS,
		contextTokens: 1024,
		batchTokens: 128,
		prefillSliceTokens: 64,
		eventIntervalMs,
		rows,
		onFailure,
	});
}

const requests = () => [
	ask('What is 17+25?', { phases: [reasoning({ sampling: sampling({ temperature: 1, seed: 3 }) }), phase()] }),
	ask('How many letters are in apple?', { phases: [reasoning({ maxTokens: 8, closing: '.\n' }), phase()] }),
	ask('How many letters are in plum?', {
		phases: [reasoning({ maxTokens: 30, softLimitTokens: 12 }), phase({ emptyRetries: 1 })],
	}),
	ask('What is 5+5?', {
		phases: [
			reasoning({ closesOnLoop: true, emptyRetries: 2, sampling: sampling({ logitBias: [[301, 100]] }) }),
			phase(),
		],
	}),
	ask('Name a fruit.', { phases: [phase({ grammar: { gbnf: 'root ::= "ap" "ple"', triggerToken: null } })] }),
	ask('What is 3 times 4?', {
		phases: [phase({ sampling: sampling({ topK: 20, temperature: 0.8, logitBias: [[754, -100]] }) })],
		maxTokens: 40,
	}),
];

describe('a step in one native call', () => {
	it('gives the same tokens as decoding and drawing apart', async () => {
		const engine = engineWith(null);
		const apart = await Promise.all(requests().map((request) => run(engine, request)));
		await engine.close();
		const steps = [stepByStep(bound), ...(bound.native.step === null ? [] : [bound.native.step])];
		for (const [step, eventIntervalMs] of steps.flatMap((each) => [[each, 60_000] as const, [each, 0] as const])) {
			const whole = engineWith(step, { eventIntervalMs });
			const together = await Promise.all(requests().map((request) => run(whole, request)));
			await whole.close();
			expect(together.map(({ ids }) => ids)).toEqual(apart.map(({ ids }) => ids));
			expect(together.map(({ answer }) => answer)).toEqual(apart.map(({ answer }) => answer));
		}
	});

	it('fails the request whose sampler failed, and no other', async () => {
		const engine = engineWith(stepByStep(bound, { failsAt: 2 }));
		const failed = await run(engine, ask('What is 17+25?'));
		expect(failed.events.at(-1)).toMatchObject({ type: 'generation-error', code: 'generation_failed' });
		expect((await run(engine, ask('What is 17+25?'))).answer).toContain('42');
		await engine.close();
	});

	it('goes on by itself as long as nothing has to be decided, and not behind a client that wants each token', async () => {
		const steps: number[] = [];
		const engine = engineWith(stepByStep(bound, { whenStepped: (count) => steps.push(count) }));
		const short = { phases: [phase({ sampling: sampling({ logitBias: [[754, -100]] }) })], maxTokens: 40 };
		await run(engine, ask('What is 17+25?', short));
		expect(Math.max(...steps)).toBe(39);
		steps.length = 0;
		await run(engine, ask('What is 17+25?', { ...short, logprobs: 0 }));
		expect(new Set(steps)).toEqual(new Set([1]));
		await engine.close();
	});

	it('drops what was drawn after a thought that its client ended meanwhile, from the cache too', async () => {
		const request = ask('What is 17+25?', { phases: [reasoning({ closing: '.\n' }), phase()] });
		let engine: Engine | null = null;
		let ended = 0;
		const step = stepByStep(bound, {
			whenStepped: (steps) => {
				if (steps > 1 && ended++ === 0) expect(engine?.endPhase(request.requestId, 'reasoning')).toBe(true);
			},
		});
		engine = engineWith(step);
		const result = await run(engine, request);
		expect(result.phaseEnds[0]).toMatchObject({ reason: 'ended-by-client' });
		// What the slot holds is what a fresh one would: the same request again goes the same way on it.
		const again = { ...request, requestId: 'again', resume: result.ids.slice(0, 12) };
		const resumed = await run(engine, again);
		expect([...again.resume, ...resumed.ids]).toEqual(result.ids);
		await engine.close();
	});
});

describe('steps that follow each other', () => {
	const short = { phases: [phase({ sampling: sampling({ logitBias: [[754, -100]] }) })], maxTokens: 40 };
	/** Every step is told at once. */
	const told = { eventIntervalMs: 0 };

	it('give their tokens while they go on', async () => {
		const calls: number[] = [];
		const engine = engineWith(stepByStep(bound, { whenStepped: (steps) => calls.push(steps) }), told);
		const { events } = await run(engine, ask('What is 17+25?', short));
		expect(Math.max(...calls)).toBe(39);
		expect(events.filter(({ type }) => type === 'delta').length).toBeGreaterThan(30);
		await engine.close();
	});

	it('end when a thought is ended by its client, and what they drew after that is dropped', async () => {
		const engine = engineWith(stepByStep(bound), told);
		const request = ask('What is 17+25?', { phases: [reasoning({ closing: '.\n' }), phase()] });
		let deltas = 0;
		const result = await run(engine, request, ({ type }) => {
			if (type === 'delta' && ++deltas === 3) expect(engine.endPhase(request.requestId, 'reasoning')).toBe(true);
		});
		expect(result.phaseEnds[0]).toMatchObject({ reason: 'ended-by-client' });
		const again = { ...request, requestId: 'again', resume: result.ids.slice(0, 12) };
		const resumed = await run(engine, again);
		expect([...again.resume, ...resumed.ids]).toEqual(result.ids);
		await engine.close();
	});

	it('end when a deadline has passed', async () => {
		const engine = engineWith(stepByStep(bound), told);
		const neverEnds: [number, number][] = [754, bound.vocabulary.marks.get('</think>') ?? 0].map((id) => [id, -100]);
		const endless = reasoning({ maxMs: 30, closing: '.\n', sampling: sampling({ logitBias: neverEnds }) });
		const result = await run(engine, ask('What is 17+25?', { phases: [endless, phase()], maxTokens: 900 }));
		expect(result.phaseEnds[0]).toMatchObject({ reason: 'deadline' });
		expect(result.end?.finishReason).toBe('stop');
		await engine.close();
	});

	it('end when somebody comes, who has not to wait for the one who was there', async () => {
		const engine = engineWith(stepByStep(bound), told);
		const ends: string[] = [];
		let second: Promise<unknown> | null = null;
		await run(engine, ask('What is 17+25?', { ...short, maxTokens: 400 }), (event) => {
			if (event.type !== 'delta' || second !== null) return;
			second = run(engine, ask('What is 5+5?', { ...short, maxTokens: 5 })).then(() => ends.push('second'));
		}).then(() => ends.push('first'));
		await second;
		expect(ends).toEqual(['second', 'first']);
		await engine.close();
	});

	it('end when a client takes no more, and go on to the same text when it does', async () => {
		const engine = engineWith(stepByStep(bound), told);
		const request = ask('What is 17+25?', short);
		const { ids } = await run(engine, request);
		const events: WorkerEvent[] = [];
		let pauses = 0;
		await new Promise<void>((resolve) => {
			const handle = engine.generate({ ...request, requestId: 'paused' }, (batch, isLast) => {
				events.push(...batch);
				if (isLast) resolve();
				if (++pauses % 3 !== 0) return true;
				const before = events.length;
				setTimeout(() => {
					expect(events).toHaveLength(before);
					handle.resume();
				}, 20);
				return false;
			});
		});
		expect(pauses).toBeGreaterThan(6);
		expect(collect(events).ids).toEqual(ids);
		await engine.close();
	});

	it.each([1, 4])('fail the engine when what they drew cannot be delivered: event %i', async (broken) => {
		const failures: string[] = [];
		const engine = engineWith(stepByStep(bound), { ...told, onFailure: ({ code }) => failures.push(String(code)) });
		let deltas = 0;
		const last = await new Promise<WorkerEvent | undefined>((resolve) => {
			engine.generate(ask('What is 17+25?', short), (batch, isLast) => {
				if (batch.some(({ type }) => type === 'delta') && ++deltas === broken) throw new TypeError('a broken sink');
				if (isLast) resolve(batch.at(-1));
				return true;
			});
		});
		expect(last).toMatchObject({ type: 'generation-error', code: 'worker_crashed' });
		await engine.whenIdle();
		expect(failures).toEqual(['worker_crashed']);
	});
});

describe('a slot between two that decode', () => {
	const full = (maxTokens: number) => ({
		phases: [phase({ sampling: sampling({ logitBias: [[754, -100]] }) })],
		maxTokens,
	});
	const left = ask('What is 17+25?', { ...full(60), cacheScope: 'left' });
	const between = ask('How many letters are in plum?', { ...full(12), cacheScope: 'between' });
	const right = ask('What is 3 times 4?', { ...full(60), cacheScope: 'right' });

	it('takes a row of nothing with them where that is cheap, and holds what it held before', async () => {
		const { context } = bound.native;
		const evaluated = vi.spyOn(context, 'addToBatch');
		/** Rows of the slot between whose logits nobody asked for, after its own stream. */
		const filled = () =>
			evaluated.mock.calls.filter(
				([slot, at, ids, logits]) => slot === 1 && at > 0 && ids.length + logits.length === 1,
			);
		for (const step of [null, stepByStep(bound), ...(bound.native.step === null ? [] : [bound.native.step])]) {
			const texts: number[][][] = [];
			for (const rows of [NO_GAPS, { cutMs: 1000, rowMs: 0 }]) {
				evaluated.mockClear();
				const engine = engineWith(step, { rows });
				const together = await Promise.all([left, between, right].map((request) => run(engine, request)));
				if (step !== bound.native.step || step === null) expect(filled().length > 20).toBe(rows !== NO_GAPS);
				const again = await run(engine, { ...between, requestId: 'again' });
				expect(again.end?.cachedTokens).toBe((again.end?.promptTokens ?? 0) - 1);
				texts.push([...together, again].map(({ ids }) => ids));
				await engine.close();
			}
			const [open, closed] = texts;
			expect(closed).toEqual(open);
			expect(closed?.[3]).toEqual(closed?.[1]);
		}
		evaluated.mockRestore();
	});

	it('takes none where its cache is full', async () => {
		const evaluated = vi.spyOn(bound.native.context, 'addToBatch');
		const engine = engineWith(null, { rows: { cutMs: 1000, rowMs: 0 } });
		const overflowing = ask('Count on. '.repeat(40), { ...full(1023), cacheScope: 'between' });
		const others = [left, right].map((request) => ({ ...request, maxTokens: 1000 }));
		const [, over] = await Promise.all([others[0], overflowing, others[1]].map((each) => run(engine, each ?? left)));
		expect((over?.end?.promptTokens ?? 0) + (over?.end?.completionTokens ?? 0)).toBeGreaterThan(1024);
		expect(over?.end?.finishReason).toBe('length');
		const beyond = evaluated.mock.calls.filter(([, at]) => at >= 1024);
		expect(beyond).toEqual([]);
		await engine.close();
		evaluated.mockRestore();
	});
});
