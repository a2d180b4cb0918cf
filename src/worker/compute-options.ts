/** How a model is computed, where nobody said so. */

/** Below this a step is over before a second thread has woken up. */
const ONE_THREAD_MODEL_BYTES = 64 * 1024 * 1024;
const MANY_CORES = 8;
/**
 * Plain attention writes out what every row of a batch thinks of all that came before: of this many it still fits the
 * cores' caches. 1,600 tokens, embedded model: 9,100 tokens/s in batches of 512, 11,200 in batches of 64.
 */
const PLAIN_ATTENTION_BATCH_TOKENS = 64;
/** llama.cpp's own. */
export const CPU_BATCH_TOKENS = 512;
/** On an H200 against 512, prompts of 2,000 tokens, engine alone: 1.5B shape 20,200 and 24,300 tokens/s, 7B 8,500 and 9,700. */
const GPU_BATCH_TOKENS = 1024;
/** Of heads below this ggml's flash attention on CPU is slower than plain attention: measured, 32 against 64 and 128. */
const FLASH_ATTENTION_HEAD_SIZE = 64;
/** That of native/attention.h, which is faster from the smallest head on that it knows. */
const OWN_ATTENTION_HEAD_SIZE = 32;

/**
 * All physical cores; of many one stays free for HTTP, here and in the gateway, where a core more would gain little. 1.5B
 * shape on two cores, one thread and two: 21 and 31 tokens/s at 1 stream, 24 and 44 at 4, and nearly so beside a busy process.
 */
export function chooseThreads(fileBytes: number, cores: number): number {
	if (fileBytes < ONE_THREAD_MODEL_BYTES) return 1;
	return cores < MANY_CORES ? cores : cores - 1;
}

/** Tokens that are computed at once. `wanted`: what the configuration says. */
export function chooseBatch(wanted: number | null, model: { onCpu: boolean; flashAttention: boolean | null }): number {
	const own = model.onCpu ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS;
	const most = model.flashAttention === false ? PLAIN_ATTENTION_BATCH_TOKENS : Number.POSITIVE_INFINITY;
	return Math.min(wanted ?? own, most);
}

/** Null leaves it to llama.cpp, as when the metadata does not say how large a head is. */
export function usesFlashAttention(model: {
	onCpu: boolean;
	headSize: number | null;
	/** The binary has native/attention.h for this processor. */
	isOurs: boolean;
}): boolean | null {
	const { onCpu, headSize, isOurs } = model;
	if (!onCpu || headSize === null || headSize >= FLASH_ATTENTION_HEAD_SIZE) return null;
	return isOurs && headSize === OWN_ATTENTION_HEAD_SIZE;
}

/** Of the memory that is free, what a copy of the weights may take. */
const COPIED_SHARE = 0.8;

/**
 * Whether the file is mapped in place of being read. On CPU its pages would be small ones, and most weights are copied anyway,
 * into the order that the kernels want: 1.5B shape, 2.8 GB resident mapped and 2.3 GB read, 40 and 44 tokens/s at 1 stream
 * (huge pages, `cli/worker-environment.ts`). `auto`: node-llama-cpp's own choice.
 */
export function mapsFile(model: { onCpu: boolean; fileBytes: number; availableBytes: number }): boolean | 'auto' {
	return model.onCpu ? model.fileBytes > model.availableBytes * COPIED_SHARE : 'auto';
}

export function headSizeOf(metadata: {
	readonly embedding_length?: number | bigint;
	readonly attention?: { readonly head_count?: unknown; readonly key_length?: number | bigint };
}): number | null {
	const { embedding_length: embedding, attention } = metadata;
	if (attention?.key_length !== undefined) return Number(attention.key_length);
	const heads = Number(attention?.head_count); // an array where layers differ: not a number
	return embedding === undefined || !(heads > 0) ? null : Number(embedding) / heads;
}
