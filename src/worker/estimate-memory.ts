import { configError } from '../errors.ts';
import { CPU_BATCH_TOKENS } from './compute-options.ts';

export type MemoryQuestion = {
	path: string;
	slots: number;
	/** Of one slot; null for the model's own, 8192 at most. */
	contextTokens: number | null;
	/** Null for the worker's own choice on CPU. */
	batchTokens: number | null;
	gpuLayers: number | 'auto' | 'max';
};

/** What one worker of this model holds in RAM and VRAM together, about: weights, KV cache and buffers. Throws config_error. */
export async function estimateMemory(question: MemoryQuestion): Promise<number> {
	const { GgufInsights, readGgufFileInfo } = await import('node-llama-cpp');
	try {
		const info = await readGgufFileInfo(question.path, { sourceType: 'filesystem', logWarnings: false });
		const insights = await GgufInsights.from(info);
		const gpuLayers = typeof question.gpuLayers === 'number' ? question.gpuLayers : 0;
		const model = insights.estimateModelResourceRequirements({ gpuLayers });
		const context = insights.estimateContextResourceRequirements({
			contextSize: question.contextTokens ?? Math.min(8192, insights.trainContextSize ?? 8192),
			modelGpuLayers: gpuLayers,
			sequences: question.slots,
			batchSize: question.batchTokens ?? CPU_BATCH_TOKENS,
		});
		return model.cpuRam + model.gpuVram + context.cpuRam + context.gpuVram;
	} catch (error) {
		throw configError(`${question.path}: its memory cannot be estimated; say memoryMiB for this model`, error);
	}
}
