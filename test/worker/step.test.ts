import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Native } from '../../src/worker/binding.ts';
import { Engine } from '../../src/worker/engine.ts';
import { type BoundModel, bindEmbedded, stepByStep } from './support/bound-model.ts';
import { ask, phase, reasoning, run, sampling } from './support/engine.ts';

let bound: BoundModel;
const SLOTS = 3;

beforeAll(async () => {
	bound = await bindEmbedded(SLOTS);
});

afterAll(() => bound.dispose());

/** The engine on a step of one call: ours where the binary has it, and its contract otherwise. */
function engineWith(step: Native['step']): Engine {
	const { native, vocabulary } = bound;
	for (let sequence = 0; sequence < SLOTS; sequence += 1) native.context.disposeSequence(sequence);
	return new Engine({
		native: { ...native, step },
		vocabulary,
		slots: SLOTS,
		contextTokens: 1024,
		batchTokens: 128,
		prefillSliceTokens: 64,
		eventIntervalMs: 60_000,
		onFailure: () => undefined,
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
		for (const step of steps) {
			const whole = engineWith(step);
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
