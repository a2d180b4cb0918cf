import { availableParallelism } from 'node:os';
import type { Llama, LlamaModel } from 'node-llama-cpp';
import { configError, type RetortError } from '../errors.ts';
import { PROTOCOL_VERSION, type WorkerInfo } from '../protocol/worker-api.ts';
import { NO_GAPS } from './batch-gaps.ts';
import { BOUND_VERSION, bindModel, bindNative, type Native, runsNativeBuild } from './binding.ts';
import { chooseBatch, chooseThreads, headSizeOf, usesFlashAttention } from './compute-options.ts';
import { cpuQuota } from './cpu-quota.ts';
import { describeModel, quantizationOf, textOf } from './describe-model.ts';
import type { DraftModel } from './draft-model.ts';
import { Embedder } from './embedder.ts';
import { createEmbeddingContext, isEmbeddingModel } from './embedding-model.ts';
import { Engine } from './engine.ts';
import { checkGgufHeader } from './gguf-header.ts';
import { createGuessGain } from './guess-gain.ts';
import { type LoadedDraft, loadDraft } from './load-draft.ts';
import { loadWeights } from './load-weights.ts';
import type { Log } from './log.ts';
import { measureCopy, measureRows, openParking } from './measure-cache.ts';
import { hasOwnKernels } from './own-kernels.ts';
import { createSpeculation, type Speculation } from './speculation.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

export type LoadOptions = {
	modelPath: string;
	slots: number;
	/** null takes the model's own, 8192 at most. */
	contextTokens: number | null;
	/** null chooses from model size and cores. */
	threads: number | null;
	gpuLayers: number | 'auto' | 'max';
	/** Computed at once, at most; null chooses from model and machine. */
	batchTokens: number | null;
	prefillSliceTokens: number;
	/** Memory for sequences that gave up their slot; 0 parks none. */
	parkedBytes: number;
	/** Guesses at the next tokens are verified where that is measured to be faster. */
	speculates: boolean;
	/** A smaller GGUF of the same vocabulary whose guesses are verified; null or absent for none. */
	draftPath?: string | null;
	/** Makes embeddings instead of text; null or absent leaves it to what the file says of itself. */
	embeddings?: boolean | null;
	retortVersion: string;
	log: Log;
	onFailure: (error: RetortError) => void;
};

type Loaded = { info: WorkerInfo; vocabulary: Vocabulary; dispose(): Promise<void> };
/** A model either generates or makes embeddings: llama.cpp's context is made for the one or the other. */
export type LoadedGenerator = Loaded & { engine: Engine; embedder: null };
export type LoadedModel = LoadedGenerator | (Loaded & { engine: null; embedder: Embedder });

const DEFAULT_CONTEXT_TOKENS = 8192;
/** Of any vocabulary. */
const WARM_UP_TOKENS = 16;
/** Below what a reader notices: a screen's frame takes as long. */
const EVENT_INTERVAL_MS = 16;

/** Loads model and context and evaluates a few tokens, so that the first request meets warm pages and kernels. */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
	const { modelPath, log } = options;
	const { fileBytes } = await checkGgufHeader(modelPath);
	// 670 MB of binaries stand behind this import; a gateway never needs them.
	const { GgufFileType, getLlama, getModuleVersion, LlamaLogLevel } = await import('node-llama-cpp');
	const version = await getModuleVersion();
	if (version !== BOUND_VERSION)
		throw configError(`node-llama-cpp is ${version}; retort is bound to ${BOUND_VERSION}.`);
	const llama = await getLlama({
		build: 'never',
		skipDownload: true,
		progressLogs: false,
		maxThreads: options.threads ?? availableParallelism(),
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
		const cores = Math.min(availableParallelism(), llama.cpuMathCores, Math.max(1, Math.floor(cpuQuota())));
		const threads = options.threads ?? chooseThreads(fileBytes, cores);
		const { gpuLayers, draftPath = null } = options;
		const cacheTokens = options.contextTokens ?? DEFAULT_CONTEXT_TOKENS;
		const weights = { gpuLayers, cacheTokens, log };
		const draft = draftPath === null ? null : await loadDraft(llama, { ...weights, modelPath: draftPath });
		const model = await loadWeights(llama, { ...weights, modelPath, cacheTokens: options.slots * cacheTokens });
		const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
		const vocabulary = createVocabulary(bindModel(model), vocabularySize);
		const loading = { llama, model, draft, vocabulary, threads, options };
		const embeds = options.embeddings ?? isEmbeddingModel(model);
		const made = embeds ? await makeEmbedder(loading) : await makeEngine(loading);
		const { contexts, contextTokens } = made;
		const info: WorkerInfo = {
			protocolVersion: PROTOCOL_VERSION,
			versions: {
				retort: options.retortVersion,
				nodeLlamaCpp: version,
				llamaCpp: llama.llamaCppRelease.release,
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
			...(made.embedder === null ? {} : { embedding: { dimensions: model.embeddingVectorSize } }),
			contextTokens,
			slots: options.slots,
			threads,
		};
		// Holds the wrappers too: collected as garbage, they never let go of the backend, and its dispose waits for ever.
		const dispose = async () => {
			for (const context of contexts) await context.dispose();
			await model.dispose();
			await draft?.dispose();
			await llama.dispose();
		};
		const common = { info, vocabulary, dispose };
		return made.embedder === null
			? { ...common, engine: made.engine, embedder: null }
			: { ...common, engine: null, embedder: made.embedder };
	} catch (cause) {
		await llama.dispose();
		const why = cause instanceof Error ? cause.message : String(cause);
		throw configError(`${modelPath} could not be loaded: ${why}`, cause);
	}
}

/** Evaluates a few tokens, and finds out what moving them costs, and more rows, and whether the cache can be cut. */
async function warmUp(native: Native, { slots, parkedBytes }: LoadOptions) {
	const { context } = native;
	context.initBatch(WARM_UP_TOKENS);
	context.addToBatch(0, 0, new Uint32Array(WARM_UP_TOKENS), Uint32Array.of(WARM_UP_TOKENS - 1));
	await native.decode();
	const copyMs = slots > 1 ? await measureCopy(native, WARM_UP_TOKENS) : Number.POSITIVE_INFINITY;
	const parking = await openParking(context, { tokens: WARM_UP_TOKENS, budgetBytes: parkedBytes });
	const canBeCut = context.removeTokenCellsFromSequence(0, 1, -1);
	context.disposeSequence(0);
	const rows = canBeCut ? await measureRows(native, slots) : NO_GAPS;
	return { copyMs, rows, parking, canBeCut };
}

type Loading = {
	llama: Llama;
	model: LlamaModel;
	draft: LoadedDraft | null;
	vocabulary: Vocabulary;
	threads: number;
	options: LoadOptions;
};

async function makeEngine({ llama, model, draft, vocabulary, threads, options }: Loading) {
	const contextTokens = options.contextTokens ?? Math.min(model.trainContextSize, DEFAULT_CONTEXT_TOKENS);
	const onCpu = llama.gpu === false;
	const flashAttention = usesFlashAttention({
		onCpu,
		headSize: headSizeOf(model.fileInfo.architectureMetadata),
		isOurs: runsNativeBuild(llama) && hasOwnKernels(),
	});
	const microBatchTokens = Math.max(chooseBatch(options.batchTokens, { onCpu, flashAttention }), options.slots);
	const context = await model.createContext({
		sequences: options.slots,
		contextSize: contextTokens,
		batchSize: microBatchTokens,
		threads,
		...(flashAttention === null ? {} : { flashAttention }),
		// Exact prefixes: a sliding window's cells must not be dropped under a slot that is rewound.
		swaFullCache: true,
		failedCreationRemedy: false,
	});
	const drafting = (await draft?.open(model, { contextTokens, batchTokens: microBatchTokens, threads })) ?? null;
	const native = bindNative(llama, model, context);
	const { copyMs, rows, parking, canBeCut } = await warmUp(native, options);
	const engine = new Engine({
		native,
		vocabulary,
		slots: options.slots,
		contextTokens,
		batchTokens: microBatchTokens * native.microBatches,
		microBatchTokens,
		prefillSliceTokens: options.prefillSliceTokens,
		eventIntervalMs: EVENT_INTERVAL_MS,
		copyMs,
		rows,
		parking,
		speculation: options.speculates && canBeCut ? openSpeculation(drafting?.model ?? null, options.log) : null,
		onFailure: options.onFailure,
	});
	return { engine, embedder: null, contexts: [context, ...(drafting === null ? [] : [drafting])], contextTokens };
}

function openSpeculation(model: DraftModel | null, log: Log): Speculation {
	const onFailure = (error: unknown) =>
		log.warn({ error: String(error) }, 'the draft model failed: going on without it');
	const draft = model === null ? null : { model, gain: createGuessGain(), onFailure };
	return createSpeculation({ repeats: createGuessGain(), draft });
}

async function makeEmbedder({ llama, model, draft, vocabulary, threads, options }: Loading) {
	if (draft !== null) throw configError('a model that makes embeddings has no use for a draft model');
	const { onFailure } = options;
	const batchTokens = chooseBatch(options.batchTokens, { onCpu: llama.gpu === false, flashAttention: null });
	const { context, contextTokens } = await createEmbeddingContext(model, {
		contextTokens: options.contextTokens,
		defaultTokens: DEFAULT_CONTEXT_TOKENS,
		batchTokens,
		threads,
	});
	const embedder = new Embedder({ context, vocabulary, contextTokens, onFailure });
	return { engine: null, embedder, contexts: [context], contextTokens };
}
