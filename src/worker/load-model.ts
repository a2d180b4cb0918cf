import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { LlamaModel } from 'node-llama-cpp';
import { configError, type RetortError } from '../errors.ts';
import { PROTOCOL_VERSION, type WorkerInfo } from '../protocol/worker-api.ts';
import { BOUND_VERSION, bindModel, bindNative, type NativeContext } from './binding.ts';
import { chooseThreads, headSizeOf, usesFlashAttention } from './compute-options.ts';
import { Engine } from './engine.ts';
import { checkGgufHeader } from './gguf-header.ts';
import { createGuessGain } from './guess-gain.ts';
import type { Log } from './log.ts';
import { measureCopy, openParking } from './measure-cache.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

export type LoadOptions = {
	modelPath: string;
	slots: number;
	/** null takes the model's own, 8192 at most. */
	contextTokens: number | null;
	/** null chooses from model size and cores. */
	threads: number | null;
	gpuLayers: number | 'auto' | 'max';
	batchTokens: number;
	prefillSliceTokens: number;
	/** Memory for sequences that gave up their slot; 0 parks none. */
	parkedBytes: number;
	/** Guesses at the next tokens are verified where that is measured to be faster. */
	speculates: boolean;
	retortVersion: string;
	log: Log;
	onFailure: (error: RetortError) => void;
};

export type LoadedModel = { engine: Engine; info: WorkerInfo; vocabulary: Vocabulary; dispose(): Promise<void> };

const DEFAULT_CONTEXT_TOKENS = 8192;
/** Of any vocabulary. */
const WARM_UP_TOKENS = 16;
/** Below what a reader notices: a screen's frame takes twice as long. */
const EVENT_INTERVAL_MS = 8;

/** Loads model and context and evaluates a few tokens, so that the first request meets warm pages and kernels. */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
	const { modelPath, log } = options;
	const { fileBytes } = await checkGgufHeader(modelPath);
	// 670 MB of binaries stand behind this import; a gateway never needs them.
	const { GgufFileType, getLlama, getModuleVersion, LlamaLogLevel } = await import('node-llama-cpp');
	const version = await getModuleVersion();
	if (version !== BOUND_VERSION)
		throw configError(`node-llama-cpp is ${version}; retort is bound to ${BOUND_VERSION}.`);
	const threads = options.threads ?? chooseThreads(fileBytes, availableParallelism());
	const llama = await getLlama({
		build: 'never',
		skipDownload: true,
		progressLogs: false,
		maxThreads: threads,
		logLevel: LlamaLogLevel.warn,
		logger: (level, message) => {
			const text = message.trim();
			if (text === '') return;
			if (level === LlamaLogLevel.error || level === LlamaLogLevel.fatal) log.error({ source: 'llama.cpp' }, text);
			else log.debug({ source: 'llama.cpp' }, text);
		},
		...(options.gpuLayers === 0 ? { gpu: false as const } : {}),
	});
	try {
		const model = await llama.loadModel({ modelPath, gpuLayers: options.gpuLayers });
		const contextTokens = options.contextTokens ?? Math.min(model.trainContextSize, DEFAULT_CONTEXT_TOKENS);
		const flashAttention = usesFlashAttention({
			onCpu: llama.gpu === false,
			headSize: headSizeOf(model.fileInfo.architectureMetadata),
		});
		const context = await model.createContext({
			sequences: options.slots,
			contextSize: contextTokens,
			batchSize: Math.max(options.batchTokens, options.slots),
			threads,
			...(flashAttention === null ? {} : { flashAttention }),
			// Exact prefixes: a sliding window's cells must not be dropped under a slot that is rewound.
			swaFullCache: true,
			failedCreationRemedy: false,
		});
		const native = bindNative(llama, model, context);
		const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
		const vocabulary = createVocabulary(bindModel(model), vocabularySize);
		const { copyMs, parking, canBeCut } = await warmUp(native.context, options);
		const engine = new Engine({
			native,
			vocabulary,
			slots: options.slots,
			contextTokens,
			batchTokens: Math.max(options.batchTokens, options.slots),
			prefillSliceTokens: options.prefillSliceTokens,
			eventIntervalMs: EVENT_INTERVAL_MS,
			copyMs,
			parking,
			guessGain: options.speculates && canBeCut ? createGuessGain() : null,
			onFailure: options.onFailure,
		});
		const { release } = llama.llamaCppRelease;
		const info: WorkerInfo = {
			protocolVersion: PROTOCOL_VERSION,
			versions: {
				retort: options.retortVersion,
				nodeLlamaCpp: version,
				llamaCpp: release,
				backend: llama.gpu === false ? 'cpu' : llama.gpu,
			},
			model: {
				...describeModel(model, fileBytes, vocabularySize),
				...quantizationOf(GgufFileType[model.fileInfo.metadata.general.file_type ?? -1]),
			},
			chatTemplate: model.fileInfo.metadata.tokenizer.chat_template ?? null,
			tokens: {
				bos: textOf(vocabulary, vocabulary.bos),
				eos: textOf(vocabulary, vocabulary.eos),
				special: [...vocabulary.marks.keys()],
			},
			contextTokens,
			slots: options.slots,
			threads,
		};
		// Holds the wrappers too: collected as garbage, they never let go of the backend, and its dispose waits for ever.
		const dispose = async () => {
			await context.dispose();
			await model.dispose();
			await llama.dispose();
		};
		return { engine, info, vocabulary, dispose };
	} catch (cause) {
		await llama.dispose();
		const why = cause instanceof Error ? cause.message : String(cause);
		throw configError(`${modelPath} could not be loaded: ${why}`, cause);
	}
}

/** Evaluates a few tokens, and finds out what moving them costs and whether the cache can be cut. */
async function warmUp(context: NativeContext, { slots, parkedBytes }: LoadOptions) {
	context.initBatch(WARM_UP_TOKENS);
	context.addToBatch(0, 0, new Uint32Array(WARM_UP_TOKENS), Uint32Array.of(WARM_UP_TOKENS - 1));
	await context.decodeBatch();
	const copyMs = slots > 1 ? await measureCopy(context, WARM_UP_TOKENS) : Number.POSITIVE_INFINITY;
	const parking = await openParking(context, { tokens: WARM_UP_TOKENS, budgetBytes: parkedBytes });
	const canBeCut = context.removeTokenCellsFromSequence(0, 1, -1);
	context.disposeSequence(0);
	return { copyMs, parking, canBeCut };
}

function textOf(vocabulary: Vocabulary, id: number | null): string | null {
	return id === null ? null : vocabulary.piece(id).text;
}

function describeModel(model: LlamaModel, fileBytes: number, vocabularySize: number): WorkerInfo['model'] {
	const { fileInfo } = model;
	const hash = createHash('sha256');
	hash.update(`${fileBytes}\n`);
	hash.update(toStableJson(fileInfo.metadata));
	hash.update(
		toStableJson(fileInfo.fullTensorInfo?.map(({ name, dimensions, ggmlType }) => [name, dimensions, ggmlType])),
	);
	return {
		name: fileInfo.metadata.general.name ?? basename(model.filename ?? 'model.gguf'),
		fingerprint: hash.digest('hex'),
		architecture: model.architecture,
		parameters: bindModel(model).getTotalParameters(),
		fileBytes,
		trainContextTokens: model.trainContextSize,
		vocabularySize,
	};
}

/** llama.cpp's names of file types are `MOSTLY_Q4_K_M` and `ALL_F32`. */
function quantizationOf(fileType: string | undefined): { quantization?: string } {
	return fileType === undefined ? {} : { quantization: fileType.replace(/^(MOSTLY|ALL)_/, '') };
}

/** GGUF counts are bigints, which JSON does not know. */
function toStableJson(value: unknown): string {
	return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? '';
}
