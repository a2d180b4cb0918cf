import { getLlama } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindModel, bindNative, type Native, STEP_DRAW, STEP_NOTHING } from '../../src/worker/binding.ts';
import { Engine } from '../../src/worker/engine.ts';
import { createVocabulary, type Vocabulary } from '../../src/worker/vocabulary.ts';
import { ask, embeddedModel, phase, reasoning, run, sampling } from './support/engine.ts';

let native: Native;
let vocabulary: Vocabulary;
let dispose: () => Promise<void>;
const SLOTS = 3;

beforeAll(async () => {
	const llama = await getLlama({ build: 'never', skipDownload: true, gpu: false, maxThreads: 1 });
	const model = await llama.loadModel({ modelPath: embeddedModel });
	const context = await model.createContext({ sequences: SLOTS, contextSize: 1024, batchSize: 128, threads: 1 });
	native = bindNative(llama, model, context);
	vocabulary = createVocabulary(bindModel(model), model.fileInfo.metadata.tokenizer.ggml.tokens.length);
	// Holds the wrappers, as load-model.ts does: collected as garbage, they make the backend's dispose wait for ever.
	dispose = async () => {
		await context.dispose();
		await model.dispose();
		await llama.dispose();
	};
});

afterAll(() => dispose());

type StepByStep = {
	/** The call in which every sampler fails. */
	failsAt?: number;
	/** Called with the number of steps when they are made, before their tokens are known outside. */
	whenStepped?: (steps: number) => void;
};

/** The contract of native/step.cpp, kept by the calls that every binary has. */
function stepByStep({ context }: Native, options: StepByStep = {}): Native['step'] {
	let calls = 0;
	return async (entries, tokens, samplers, run) => {
		calls += 1;
		context.initBatch(tokens.length);
		const drawing: { sequence: number; position: number; index: number }[] = [];
		let start = 0;
		for (let at = 0; at < entries.length; at += 4) {
			const [sequence = 0, position = 0, count = 0, wants = 0] = entries.subarray(at, at + 4);
			const logits = wants === STEP_NOTHING ? new Uint32Array(0) : Uint32Array.of(count - 1);
			const [index] = context.addToBatch(sequence, position, tokens.slice(start, start + count), logits);
			if (wants === STEP_DRAW && index !== undefined) drawing.push({ sequence, position: position + count, index });
			start += count;
		}
		const drawn: number[] = [];
		for (let step = 1; ; step += 1) {
			await context.decodeBatch();
			if (calls === options.failsAt) return Int32Array.from(drawing, () => -2);
			const row: number[] = [];
			for (const [at, { index }] of drawing.entries()) {
				const sampler = samplers[at];
				if (sampler !== undefined) row.push(await context.sampleToken(index, sampler));
			}
			drawn.push(...row);
			const isStop = (id: number) => id < 0 || vocabulary.isEndOfGeneration(id) || run.stops.includes(id);
			if (step >= run.steps || run.interrupt[0] !== 0 || row.some(isStop)) {
				options.whenStepped?.(step);
				return Int32Array.from(drawn);
			}
			context.initBatch(row.length);
			for (const [at, each] of drawing.entries()) {
				const [index] = context.addToBatch(
					each.sequence,
					each.position++,
					Uint32Array.of(row[at] ?? 0),
					Uint32Array.of(0),
				);
				each.index = index ?? 0;
			}
		}
	};
}

/** The engine on a step of one call: ours where the binary has it, and its contract otherwise. */
function engineWith(step: Native['step']): Engine {
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
		const steps = [stepByStep(native), ...(native.step === null ? [] : [native.step])];
		for (const step of steps) {
			const whole = engineWith(step);
			const together = await Promise.all(requests().map((request) => run(whole, request)));
			await whole.close();
			expect(together.map(({ ids }) => ids)).toEqual(apart.map(({ ids }) => ids));
			expect(together.map(({ answer }) => answer)).toEqual(apart.map(({ answer }) => answer));
		}
	});

	it('fails the request whose sampler failed, and no other', async () => {
		const engine = engineWith(stepByStep(native, { failsAt: 2 }));
		const failed = await run(engine, ask('What is 17+25?'));
		expect(failed.events.at(-1)).toMatchObject({ type: 'generation-error', code: 'generation_failed' });
		expect((await run(engine, ask('What is 17+25?'))).answer).toContain('42');
		await engine.close();
	});

	it('goes on by itself as long as nothing has to be decided, and not behind a client that wants each token', async () => {
		const steps: number[] = [];
		const engine = engineWith(stepByStep(native, { whenStepped: (count) => steps.push(count) }));
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
		const step = stepByStep(native, {
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
