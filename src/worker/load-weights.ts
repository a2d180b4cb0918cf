import type { Llama, LlamaModel } from 'node-llama-cpp';
import { mapsFile } from './compute-options.ts';
import { checkGgufHeader } from './gguf-header.ts';

/** A model without a context yet. Throws config_error when the file is no GGUF. */
export async function loadWeights(
	llama: Llama,
	options: { modelPath: string; gpuLayers: number | 'auto' | 'max' },
): Promise<LlamaModel> {
	const { fileBytes } = await checkGgufHeader(options.modelPath);
	const onCpu = llama.gpu === false;
	const useMmap = mapsFile({ onCpu, fileBytes, availableBytes: process.availableMemory() });
	return await llama.loadModel({ ...options, useMmap });
}
