import { join } from 'node:path';
import { configError } from '../errors.ts';

const GGML_CPU = join('llama.cpp', 'ggml', 'src', 'ggml-cpu');
const OURS = '../../../../addon/retort';

/**
 * What `retort native build` changes in the sources of node-llama-cpp's addon and its llama.cpp, by path: it calls what
 * lies in `native/`. Each throws config_error when a source is not the one we know.
 */
export const NATIVE_EDITS: ReadonlyMap<string, (source: string) => string> = new Map([
	[join('addon', 'addon.cpp'), registerStep],
	[join('addon', 'AddonContext.cpp'), widenBatch],
	[join(GGML_CPU, 'repack.cpp'), multiply],
	[join(GGML_CPU, 'ops.cpp'), attend],
]);

/** step.cpp's functions among the addon's exports. */
function registerStep(addon: string): string {
	const declaration = 'Napi::Object registerCallback(';
	const registration = '    AddonSampler::init(exports);\n';
	return edit('addon.cpp', addon, [
		[declaration, `void registerRetort(Napi::Env env, Napi::Object exports);\n${declaration}`],
		[registration, `${registration}    registerRetort(env, exports);\n`],
	]);
}

/** `batchSize` is the micro-batch, a batch is several: `MICRO_BATCHES`. */
function widenBatch(addonContext: string): string {
	const include = '#include "AddonContext.h"\n';
	const microBatch = 'context_params.n_ubatch = context_params.n_batch;';
	return edit('AddonContext.cpp', addonContext, [
		[include, `${include}uint32_t retortBatchSize(uint32_t microBatchSize);\n`],
		[microBatch, `${microBatch} context_params.n_batch = retortBatchSize(context_params.n_ubatch);`],
	]);
}

/** Products of k-quants.h, where the processor has them. */
function multiply(repack: string): string {
	const include = '#include "repack.h"\n';
	const product = '        // If there are more than three rows in src1, use gemm; otherwise, use gemv.\n';
	const ours =
		'retort::product<BLOC_TYPE, INTER_SIZE, NB_COLS>(ne00, (float *) (dst_ptr) + src0_start, nb1 / nb0, src0_ptr + src0_start * nb01, src1_ptr, nrows, ncols)';
	// ggml repacks these two for other processors only. Experts are multiplied elsewhere, with kernels that we do not have.
	const isOurs = 'retort::hasKernels && cur->ne[1] % 8 == 0 && cur->ne[2] == 1';
	const choose = (type: string, name: string) => {
		const branch = `    } else if (cur->type == GGML_TYPE_${type}) {\n`;
		return [branch, `${branch}        if (${isOurs}) return &${name};\n`] as const;
	};
	return edit('repack.cpp', repack, [
		[include, `${include}#include "${OURS}/k-quants.h"\n`],
		[product, `        if (${ours}) return;\n${product}`],
		choose('Q5_K', 'q5_K_8x8_q8_K'),
		choose('Q6_K', 'q6_K_8x8_q8_K'),
	]);
}

/** attention.h's, where it knows how. */
function attend(ops: string): string {
	const include = '#include "ops.h"\n';
	const call = 'ggml_compute_forward_flash_attn_ext_f16(params, dst);\n';
	return edit('ops.cpp', ops, [
		[include, `${include}#include "${OURS}/attention.h"\n`],
		[call, `if (!retort::attention(params, dst)) ${call}`],
	]);
}

function edit(
	name: string,
	source: string,
	replacements: readonly (readonly [anchor: string, text: string])[],
): string {
	return replacements.reduce((text, [anchor, replacement]) => {
		if (text.split(anchor).length !== 2)
			throw configError(`node-llama-cpp's ${name} has another shape: \`${anchor.trim()}\` is not in it once`);
		return text.replace(anchor, () => replacement);
	}, source);
}
