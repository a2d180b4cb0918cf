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

/** The contract of native/step.cpp, kept by the calls that every binary has. */
function stepByStep({ context }: Native, failsAt: number | null): Native['step'] {
	let calls = 0;
	return async (entries, tokens, samplers) => {
		calls += 1;
		context.initBatch(tokens.length);
		const wanted: number[] = [];
		let start = 0;
		for (let at = 0; at < entries.length; at += 4) {
			const [sequence = 0, position = 0, count = 0, wants = 0] = entries.subarray(at, at + 4);
			const logits = wants === STEP_NOTHING ? new Uint32Array(0) : Uint32Array.of(count - 1);
			const [index] = context.addToBatch(sequence, position, tokens.slice(start, start + count), logits);
			if (wants === STEP_DRAW && index !== undefined) wanted.push(index);
			start += count;
		}
		await context.decodeBatch();
		if (calls === failsAt) return Int32Array.from(wanted, () => -2);
		const drawn: number[] = [];
		for (const [at, index] of wanted.entries()) {
			const sampler = samplers[at];
			if (sampler !== undefined) drawn.push(await context.sampleToken(index, sampler));
		}
		return Int32Array.from(drawn);
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
		onFailure: () => undefined,
	});
}

const requests = () => [
	ask('What is 17+25?', { phases: [reasoning({ sampling: sampling({ temperature: 1, seed: 3 }) }), phase()] }),
	ask('How many letters are in apple?', { phases: [reasoning({ maxTokens: 8, closing: '.\n' }), phase()] }),
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
		const steps = [stepByStep(native, null), ...(native.step === null ? [] : [native.step])];
		for (const step of steps) {
			const whole = engineWith(step);
			const together = await Promise.all(requests().map((request) => run(whole, request)));
			await whole.close();
			expect(together.map(({ ids }) => ids)).toEqual(apart.map(({ ids }) => ids));
			expect(together.map(({ answer }) => answer)).toEqual(apart.map(({ answer }) => answer));
		}
	});

	it('fails the request whose sampler failed, and no other', async () => {
		const engine = engineWith(stepByStep(native, 5));
		const failed = await run(engine, ask('What is 17+25?'));
		expect(failed.events.at(-1)).toMatchObject({ type: 'generation-error', code: 'generation_failed' });
		expect((await run(engine, ask('What is 17+25?'))).answer).toContain('42');
		await engine.close();
	});
});
