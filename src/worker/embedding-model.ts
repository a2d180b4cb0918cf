import type { LlamaEmbeddingContext, LlamaModel } from 'node-llama-cpp';
import { configError } from '../errors.ts';

/** llama.h, enum llama_pooling_type. */
const POOLS_LAST_TOKEN = 3;
const RANKS = 4;

/** What memory for attention over one whole input stays small with. */
const DEFAULT_WHOLE_TOKENS = 2048;

/**
 * Whether the file is an embedding model by its own word: it says how to pool, or that its attention looks both ways.
 * Throws config_error for a reranker, which is neither that nor a text model.
 */
export function isEmbeddingModel({ fileInfo: { architectureMetadata: model } }: LlamaModel): boolean {
	if (model.pooling_type === RANKS) throw configError('it is a reranker, which is not supported');
	return (model.pooling_type ?? 0) !== 0 || model.attention?.causal === false;
}

/** The model's context for inputs of so many tokens each; null takes what the model was trained for. */
export async function createEmbeddingContext(
	model: LlamaModel,
	options: { contextTokens: number | null; defaultTokens: number; batchTokens: number; threads: number },
): Promise<{ context: LlamaEmbeddingContext; contextTokens: number }> {
	const { pooling_type: pooling = 0, attention } = model.fileInfo.architectureMetadata;
	// Other pooling, and attention that looks both ways, need all tokens of an input in one batch.
	const isWhole = attention?.causal === false || (pooling !== 0 && pooling !== POOLS_LAST_TOKEN);
	const most = isWhole ? DEFAULT_WHOLE_TOKENS : options.defaultTokens;
	const contextTokens = Math.min(options.contextTokens ?? most, model.trainContextSize);
	// node-llama-cpp leaves the last cell free.
	const contextSize = contextTokens + 1;
	const context = await model.createEmbeddingContext({
		contextSize,
		batchSize: isWhole ? contextSize : options.batchTokens,
		threads: options.threads,
	});
	return { context, contextTokens };
}
