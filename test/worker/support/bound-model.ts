import { getLlama } from 'node-llama-cpp';
import { bindModel, bindNative, type Native } from '../../../src/worker/binding.ts';
import { STEP_DRAW, STEP_FILL, STEP_NOTHING } from '../../../src/worker/native-step.ts';
import { createVocabulary, type Vocabulary } from '../../../src/worker/vocabulary.ts';
import { embeddedModel } from './engine.ts';

export type BoundModel = { native: Native; vocabulary: Vocabulary; dispose(): Promise<void> };

/** The embedded model, or one like it, without an engine, for engines of several kinds on one context of 1024 tokens a sequence. */
export async function bindEmbedded(sequences: number, modelPath = embeddedModel): Promise<BoundModel> {
	const llama = await getLlama({ build: 'never', skipDownload: true, gpu: false, maxThreads: 1 });
	const model = await llama.loadModel({ modelPath });
	const context = await model.createContext({ sequences, contextSize: 1024, batchSize: 128, threads: 1 });
	const native = bindNative(llama, model, context);
	const vocabulary = createVocabulary(bindModel(model), model.fileInfo.metadata.tokenizer.ggml.tokens.length);
	// Holds the wrappers, as load-model.ts does: collected as garbage, they make the backend's dispose wait for ever.
	const dispose = async () => {
		await context.dispose();
		await model.dispose();
		await llama.dispose();
	};
	return { native, vocabulary, dispose };
}

export type StepByStep = {
	/** The call in which every sampler fails. */
	failsAt?: number;
	/** Called with the number of steps when they are made, before their tokens are known outside. */
	whenStepped?: (steps: number) => void;
};

/** The contract of native/step.cpp, kept by the calls that every binary has. */
export function stepByStep(
	{ native: { context, decode }, vocabulary }: BoundModel,
	options: StepByStep = {},
): Native['step'] {
	let calls = 0;
	return async (entries, tokens, samplers, run) => {
		calls += 1;
		context.initBatch(tokens.length);
		const drawing: { sequence: number; position: number; index: number; guess: Uint32Array; last: number }[] = [];
		const filled: { sequence: number; position: number }[] = [];
		let start = 0;
		for (let at = 0; at < entries.length; at += 5) {
			const [sequence = 0, position = 0, count = 0, wants = 0, guesses = 0] = entries.subarray(at, at + 5);
			const own = tokens.slice(start, start + count + guesses);
			const logits = Uint32Array.from(
				{ length: wants === STEP_NOTHING || wants === STEP_FILL ? 0 : 1 + guesses },
				(_, each) => count - 1 + each,
			);
			const [index] = context.addToBatch(sequence, position, own, logits);
			const guess = own.subarray(count);
			if (wants === STEP_DRAW && index !== undefined)
				drawing.push({ sequence, position: position + count, index, guess, last: 0 });
			if (wants === STEP_FILL) filled.push({ sequence, position });
			start += own.length;
		}
		let drawn: number[] = [];
		let toldMs = performance.now();
		for (let step = 1; ; step += 1) {
			const stepStartedMs = performance.now();
			await decode();
			if (calls === options.failsAt) return Int32Array.from(drawing.flatMap(() => [1, -2]));
			const isStop = (id: number) => id < 0 || vocabulary.isEndOfGeneration(id) || run.stops.includes(id);
			let stops = step >= run.steps || run.interrupt[0] !== 0;
			for (const [at, each] of drawing.entries()) {
				const list: number[] = [];
				const sampler = samplers[at];
				if (sampler === undefined) continue;
				do {
					each.last = await context.sampleToken(each.index + list.length, sampler);
					list.push(each.last);
				} while (!isStop(each.last) && each.last === each.guess[list.length - 1]);
				stops ||= isStop(each.last);
				drawn.push(list.length, ...list);
			}
			if (stops) {
				options.whenStepped?.(step);
				return Int32Array.from(drawn);
			}
			const now = performance.now();
			if (now - toldMs + (now - stepStartedMs) > run.tellMs) {
				toldMs = now;
				run.onDrawn(Int32Array.from(drawn));
				drawn = [];
			}
			context.initBatch(drawing.length + filled.length);
			const draws = drawing.map((each) => {
				const add = () => {
					const own = Uint32Array.of(each.last);
					[each.index = 0] = context.addToBatch(each.sequence, each.position++, own, Uint32Array.of(0));
				};
				return { sequence: each.sequence, add };
			});
			const fills = filled.map(({ sequence, position }) => {
				const add = () => {
					context.removeTokenCellsFromSequence(sequence, position, -1);
					context.addToBatch(sequence, position, Uint32Array.of(0), new Uint32Array(0));
				};
				return { sequence, add };
			});
			for (const { add } of [...draws, ...fills].sort((one, other) => one.sequence - other.sequence)) add();
		}
	};
}
