import type { Llama, LlamaModel } from 'node-llama-cpp';
import { runsNativeBuild } from './binding.ts';
import { mapsFile } from './compute-options.ts';
import { checkGgufHeader } from './gguf-header.ts';
import type { Log } from './log.ts';
import { gainsFromOwnKernels, hasOwnKernels } from './own-kernels.ts';

export type WeightsOptions = {
	modelPath: string;
	/** `auto`: as many as leave the GPU room for a context of `cacheTokens`. */
	gpuLayers: number | 'auto' | 'max';
	/** Of all slots together. */
	cacheTokens: number;
	log: Log;
};

/** A model without a context yet. Throws config_error when the file is no GGUF. */
export async function loadWeights(llama: Llama, options: WeightsOptions): Promise<LlamaModel> {
	const { modelPath, gpuLayers, cacheTokens, log } = options;
	const { fileBytes } = await checkGgufHeader(modelPath);
	const onCpu = llama.gpu === false;
	const useMmap = mapsFile({ onCpu, fileBytes, availableBytes: process.availableMemory() });
	const fitted = { fitContext: { contextSize: cacheTokens } };
	const model = await llama.loadModel({ modelPath, gpuLayers: gpuLayers === 'auto' ? fitted : gpuLayers, useMmap });
	const { totalLayers } = model.fileInsights;
	if (!onCpu && gpuLayers === 'auto' && model.gpuLayers < totalLayers)
		log.warn(
			{ modelPath, gpuLayers: model.gpuLayers, totalLayers },
			'not all layers are on the GPU: fewer slots or a smaller context leave it more room',
		);
	const gains = onCpu && gainsFromOwnKernels(model.fileInfo.metadata.general.file_type) && hasOwnKernels();
	if (gains && !runsNativeBuild(llama))
		log.info(
			{ modelPath },
			'`retort native build` makes a binary that multiplies these weights up to three times as fast on this processor',
		);
	return model;
}
