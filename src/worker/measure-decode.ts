import { configError } from '../errors.ts';
import { plainPhase } from '../protocol/plain-phase.ts';
import type { GenerateRequest } from '../protocol/worker-api.ts';
import { type LoadedGenerator, loadModel } from './load-model.ts';

export type DecodeSpeed = { streams: number; tokensPerSecond: number };

const TOKENS = 192;
const CONTEXT_TOKENS = 512;
const SLOTS = 8;
const ROUNDS = 3;

/** Tokens a second that the engine draws from a model, alone and in a batch: no HTTP, the best of a few rounds. */
export async function measureDecode(modelPath: string, threads: number | null): Promise<DecodeSpeed[]> {
	const silent = () => undefined;
	const model = await loadModel({
		modelPath,
		slots: SLOTS,
		contextTokens: CONTEXT_TOKENS,
		threads,
		gpuLayers: 'auto',
		batchTokens: 256,
		prefillSliceTokens: 256,
		parkedBytes: 0,
		speculates: false,
		retortVersion: '0',
		log: { debug: silent, info: silent, warn: silent, error: silent },
		onFailure: silent,
	});
	if (model.engine === null) {
		await model.dispose();
		throw configError(`${modelPath} makes embeddings: it has no decoding speed.`);
	}
	try {
		const speeds: DecodeSpeed[] = [];
		for (const streams of [1, SLOTS]) {
			let best = 0;
			for (let round = 0; round < ROUNDS; round += 1) {
				const startedMs = performance.now();
				const tokens = await Promise.all(Array.from({ length: streams }, (_, index) => generate(model, index)));
				const seconds = (performance.now() - startedMs) / 1000;
				best = Math.max(best, tokens.reduce((sum, count) => sum + count, 0) / seconds);
			}
			speeds.push({ streams, tokensPerSecond: Math.round(best) });
		}
		return speeds;
	} finally {
		await model.engine.close();
		await model.dispose();
	}
}

/** Resolves to the tokens generated. */
function generate({ engine, vocabulary }: LoadedGenerator, seed: number): Promise<number> {
	const request: GenerateRequest = {
		requestId: `measure-${seed}`,
		prompt: [{ text: 'Count.', special: false }],
		resume: [],
		phases: [
			plainPhase({
				temperature: 0.6,
				topP: 0.95,
				topK: 40,
				minP: 0,
				repetitionPenalty: 1,
				presencePenalty: 0,
				frequencyPenalty: 0,
				seed,
				// Every answer in full length.
				logitBias: vocabulary.eos === null ? [] : [[vocabulary.eos, -100]],
			}),
		],
		maxTokens: TOKENS,
		logprobs: null,
		cacheScope: `measure-${seed}`,
		keepForNextTurn: null,
	};
	return new Promise((resolve, reject) => {
		engine.generate(request, (events, isLast) => {
			const end = events.at(-1);
			if (end?.type === 'generation-error') reject(new TypeError(end.message));
			else if (isLast) resolve(end?.type === 'generation-end' ? end.completionTokens : 0);
			return true;
		});
	});
}
