import { readFile } from 'node:fs/promises';
import { getModuleVersion } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { BOUND_VERSION, bindModel } from '../../src/worker/binding.ts';

const types = new URL('../../node_modules/node-llama-cpp/dist/bindings/AddonTypes.d.ts', import.meta.url);

/**
 * The decode loop stands on private parts of node-llama-cpp. When this fails, the version was raised: read the changes of
 * llama/addon/AddonContext.cpp, AddonSampler.cpp and AddonModel.cpp, adapt binding.ts, run test/worker, then raise the pin.
 */
describe('the binding of node-llama-cpp', () => {
	it('is the very version that binding.ts was written for, pinned exactly', async () => {
		expect(await getModuleVersion()).toBe(BOUND_VERSION);
		const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
		expect(manifest).toMatchObject({ dependencies: { 'node-llama-cpp': BOUND_VERSION } });
	});

	it('still has every native signature that we call', async () => {
		const text = (await readFile(types, 'utf8')).replaceAll(/\s+/g, ' ');
		for (const signature of [
			'initBatch(size: number): void;',
			'addToBatch(sequenceId: number, firstTokenSequenceIndex: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;',
			'decodeBatch(): Promise<void>;',
			'sampleToken(batchLogitIndex: BatchLogitIndex, sampler: AddonSampler): Promise<Token | -1>;',
			'logits?: boolean | [ tokens: readonly Token[], includeMax: boolean, includeMin: boolean, includeSelected: boolean, includeTop: number ], totalLogitWeight?: boolean',
			'disposeSequence(sequenceId: number): void;',
			'removeTokenCellsFromSequence(sequenceId: number, startPos: number, endPos: number): boolean;',
			'copySequenceStateFromOtherSequence(targetSequenceId: number, sourceSequenceId: number): Promise<number>;',
			'tokenize(text: string, specialTokens: boolean): Uint32Array;',
			'getTokenAttributes(token: Token): number;',
			'getTokenString(token: number): string;',
			'acceptGrammarEvaluationStateToken(grammarEvaluationState: AddonGrammarEvaluationState, token: Token): void;',
			'new (model: AddonModel, grammar: AddonGrammar): AddonGrammarEvaluationState;',
			'repeatPenaltyTokens?: Uint32Array;',
			'tokenBiasKeys?: Uint32Array; tokenBiasValues?: Float32Array;',
		]) {
			expect(text).toContain(signature);
		}
	});

	it('refuses an object of another shape with a configuration error', () => {
		// A LlamaModel cannot be built without native code; what is tested is that a wrong one is refused.
		const stranger = Object.create({ _model: { tokenize: 1 } });
		expect(() => bindModel(stranger)).toThrow(/retort is bound to/);
	});
});
