/**
 * The private floor of node-llama-cpp that the decode loop stands on, and the only file that knows of it. The public
 * `evaluate` spends half of a small model's step on locks, promises and array copies (figures in design.md). Everything
 * here is checked when it is bound, and test/worker/binding.test.ts fails when the pinned version changes.
 *
 * Source: node-llama-cpp 3.22.1, llama/addon/AddonContext.cpp, AddonSampler.cpp, AddonModel.cpp.
 */
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import { configError } from '../errors.ts';
import { bindSteps, isNativeBuild, type NativeStep } from './native-step.ts';

export const BOUND_VERSION = '3.22.1';

/** Logits of some tokens, as [token, logit, token, logit, ...], and the sum of exp(logit - highest) over all. */
export type SampleWithLogits = [
	token: number,
	probabilities: undefined,
	confidence: undefined,
	logits: number[] | undefined,
	totalLogitWeight: number | undefined,
];

export type LogitFilter = [
	tokens: readonly number[],
	includeHighest: boolean,
	includeLowest: boolean,
	includeSelected: boolean,
	includeTop: number,
];

export type NativeContext = {
	/** Starts an empty batch of exactly so much room; at most the context's batch size. */
	initBatch(size: number): void;
	/** Returns the batch indexes of the tokens whose logits were asked for. Add sequences in ascending order. */
	addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
	/** Samples and accepts (penalties, grammar) on a pool thread; -1 when the grammar leaves nothing. */
	sampleToken(batchIndex: number, sampler: NativeSampler): Promise<number>;
	sampleToken(
		batchIndex: number,
		sampler: NativeSampler,
		probabilities: false,
		confidence: false,
		logits: LogitFilter,
		totalLogitWeight: boolean,
	): Promise<SampleWithLogits>;
	/** Drops cells from..to (exclusive, -1 for all the rest); false where the model's memory cannot be cut. */
	removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
	disposeSequence(sequence: number): void;
	/** Notes a copy of the whole sequence, which the next decode carries out before anything else. */
	copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
	/** Writes keys and values of a sequence, preceded by `tokens`; resolves to the bytes. */
	saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<number>;
	/** Replaces what the sequence holds, at once; resolves to the tokens saved, at most `maxTokens`. */
	loadSequenceStateFromFile(path: string, sequence: number, maxTokens: number): Promise<Uint32Array>;
};

export type NativeSampler = { applyConfig(config: NativeSamplerConfig): void; dispose(): void };
export type NativeGrammar = { isTextCompatible(text: string): boolean };
/** Opaque: a position in a grammar. */
export type NativeGrammarState = object;

export type NativeSamplerConfig = {
	temperature?: number;
	minP?: number;
	topK?: number;
	topP?: number;
	seed?: number;
	repeatPenalty?: number;
	repeatPenaltyMaxTokens?: number;
	repeatPenaltyTokens?: Uint32Array;
	repeatPenaltyPresencePenalty?: number;
	repeatPenaltyFrequencyPenalty?: number;
	grammarEvaluationState?: NativeGrammarState;
	tokenBiasKeys?: Uint32Array;
	tokenBiasValues?: Float32Array;
};

export type NativeModel = {
	tokenize(text: string, specialTokens: boolean): Uint32Array;
	detokenize(tokens: Uint32Array, specialTokens?: boolean): string;
	getTokenString(token: number): string | undefined;
	getTokenAttributes(token: number): number;
	isEogToken(token: number): boolean;
	getVocabularyType(): number;
	shouldPrependBosToken(): boolean;
	tokenBos(): number;
	tokenEos(): number;
	getTotalParameters(): number;
};

type SamplerConstructor = {
	new (model: NativeModel): NativeSampler;
	acceptGrammarEvaluationStateToken(state: NativeGrammarState, token: number): void;
};
type Bindings = {
	AddonSampler: SamplerConstructor;
	AddonGrammar: new (gbnf: string, options: { addonExports: unknown; rootRuleName: string }) => NativeGrammar;
	AddonGrammarEvaluationState: new (model: NativeModel, grammar: NativeGrammar) => NativeGrammarState;
};

export type Native = {
	context: NativeContext;
	/** One llama_decode of the context's batch, off this thread. Its failure leaves the KV cache undefined: retire the context. */
	decode(): Promise<unknown>;
	/** Null in node-llama-cpp's own binaries. */
	step: NativeStep | null;
	/** How often a context's `batchSize`, which is computed at once, fits one batch. */
	microBatches: number;
	createSampler(): NativeSampler;
	/** Throws what llama.cpp's parser throws; it says little. */
	compileGrammar(gbnf: string): NativeGrammar;
	startGrammar(grammar: NativeGrammar): NativeGrammarState;
	acceptInGrammar(state: NativeGrammarState, token: number): void;
};

function hasMethods(value: unknown, names: readonly string[]): boolean {
	return (
		(typeof value === 'object' || typeof value === 'function') &&
		value !== null &&
		names.every((name) => typeof Reflect.get(value, name) === 'function')
	);
}

function isNativeContext(value: unknown): value is NativeContext & { decodeBatch(): Promise<void> } {
	return hasMethods(value, [
		'initBatch',
		'addToBatch',
		'decodeBatch',
		'sampleToken',
		'removeTokenCellsFromSequence',
		'disposeSequence',
		'copySequenceStateFromOtherSequence',
		'saveSequenceStateToFile',
		'loadSequenceStateFromFile',
	]);
}

function isNativeModel(value: unknown): value is NativeModel {
	return hasMethods(value, [
		'tokenize',
		'detokenize',
		'getTokenString',
		'getTokenAttributes',
		'isEogToken',
		'getVocabularyType',
		'shouldPrependBosToken',
		'tokenBos',
		'tokenEos',
		'getTotalParameters',
	]);
}

function isBindings(value: unknown): value is Bindings {
	return (
		hasMethods(value, ['AddonSampler', 'AddonGrammar', 'AddonGrammarEvaluationState']) &&
		hasMethods(Reflect.get(Object(value), 'AddonSampler'), ['acceptGrammarEvaluationStateToken'])
	);
}

export function bindModel(model: LlamaModel): NativeModel {
	const native: unknown = Reflect.get(model, '_model');
	if (!isNativeModel(native)) throw changed('LlamaModel._model');
	return native;
}

/** Whether what computes is a binary of `retort native build`. */
export function runsNativeBuild(llama: Llama): boolean {
	return isNativeBuild(bindingsOf(llama));
}

function bindingsOf(llama: Llama): Bindings {
	const bindings: unknown = Reflect.get(llama, '_bindings');
	if (!isBindings(bindings)) throw changed('Llama._bindings');
	return bindings;
}

export function bindNative(llama: Llama, model: LlamaModel, context: LlamaContext): Native {
	const bindings = bindingsOf(llama);
	const nativeContext: unknown = Reflect.get(context, '_ctx');
	if (!isNativeContext(nativeContext)) throw changed('LlamaContext._ctx');
	const nativeModel = bindModel(model);
	return {
		context: nativeContext,
		...(bindSteps(bindings, nativeContext) ?? {
			decode: () => nativeContext.decodeBatch(),
			step: null,
			microBatches: 1,
		}),
		createSampler: () => new bindings.AddonSampler(nativeModel),
		compileGrammar: (gbnf) => new bindings.AddonGrammar(gbnf, { addonExports: bindings, rootRuleName: 'root' }),
		startGrammar: (grammar) => new bindings.AddonGrammarEvaluationState(nativeModel, grammar),
		acceptInGrammar: (state, token) => bindings.AddonSampler.acceptGrammarEvaluationStateToken(state, token),
	};
}

function changed(where: string) {
	return configError(`node-llama-cpp is not ${BOUND_VERSION}, which retort is bound to: ${where} has another shape.`);
}
