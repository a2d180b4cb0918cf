import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configError } from '../errors.ts';

export type NativeGpu = 'cpu' | 'cuda';

/** node-llama-cpp's folder of llama.cpp: sources, and the binaries that were built on this machine. */
export function addonFolder(): string {
	return join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..', 'llama');
}

/** Where node-llama-cpp looks for a binary of this machine's own before it takes a prebuilt one. */
export function nativeBinaryFolder(gpu: NativeGpu, root = addonFolder()): string {
	const platform = process.platform === 'darwin' ? 'mac' : process.platform === 'win32' ? 'win' : process.platform;
	return join(root, 'localBuilds', [platform, process.arch, ...(gpu === 'cpu' ? [] : [gpu])].join('-'));
}

export function hasNativeBinary(gpu: NativeGpu, root = addonFolder()): boolean {
	return existsSync(join(nativeBinaryFolder(gpu, root), 'buildDone.status'));
}

const DECLARATION = 'Napi::Object registerCallback(';
const REGISTRATION = '    AddonSampler::init(exports);\n';
const INCLUDE = '#include "AddonContext.h"\n';
const MICRO_BATCH = 'context_params.n_ubatch = context_params.n_batch;';

/** llama.cpp's own file of products of weights that it repacks for the CPU, below the sources of a build. */
export const REPACK_SOURCE = join('llama.cpp', 'ggml', 'src', 'ggml-cpu', 'repack.cpp');
const REPACK_HEADER = '#include "repack.h"\n';
const REPACKED_PRODUCT = '        // If there are more than three rows in src1, use gemm; otherwise, use gemv.\n';
const repackedType = (type: string) => `    } else if (cur->type == GGML_TYPE_${type}) {\n`;

/** addon.cpp with native/step.cpp's functions among its exports. Throws config_error when it is not the one we know. */
export function registerStep(addon: string): string {
	return edit('addon.cpp', addon, [
		[DECLARATION, `void registerRetort(Napi::Env env, Napi::Object exports);\n${DECLARATION}`],
		[REGISTRATION, `${REGISTRATION}    registerRetort(env, exports);\n`],
	]);
}

/** AddonContext.cpp with `batchSize` as the micro-batch, and batches of several: `MICRO_BATCHES`. Throws as registerStep does. */
export function widenBatch(addonContext: string): string {
	return edit('AddonContext.cpp', addonContext, [
		[INCLUDE, `${INCLUDE}uint32_t retortBatchSize(uint32_t microBatchSize);\n`],
		[MICRO_BATCH, `${MICRO_BATCH} context_params.n_batch = retortBatchSize(context_params.n_ubatch);`],
	]);
}

/** repack.cpp with the kernels of native/k-quants.h, where the processor has them. Throws as registerStep does. */
export function addKernels(repack: string): string {
	const product =
		'retort::product<BLOC_TYPE, INTER_SIZE, NB_COLS>(ne00, (float *) (dst_ptr) + src0_start, nb1 / nb0, src0_ptr + src0_start * nb01, src1_ptr, nrows, ncols)';
	// ggml repacks these two for other processors only. Experts are multiplied elsewhere, with kernels that we do not have.
	const isOurs = 'retort::hasKernels && cur->ne[1] % 8 == 0 && cur->ne[2] == 1';
	const choose = (type: string, name: string) =>
		[repackedType(type), `${repackedType(type)}        if (${isOurs}) return &${name};\n`] as const;
	return edit('repack.cpp', repack, [
		[REPACK_HEADER, `${REPACK_HEADER}#include "../../../../addon/retort/k-quants.h"\n`],
		[REPACKED_PRODUCT, `        if (${product}) return;\n${REPACKED_PRODUCT}`],
		choose('Q5_K', 'q5_K_8x8_q8_K'),
		choose('Q6_K', 'q6_K_8x8_q8_K'),
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
		return text.replace(anchor, replacement);
	}, source);
}

/**
 * What node-llama-cpp wants to read beside a binary of its own. It tries a binary out in a process of its own, at each
 * start, unless it was built on this very system.
 */
export function binaryMetadata(gpu: NativeGpu, release: { repo: string; tag: string }, osRelease: string): object {
	const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
	return {
		buildOptions: {
			customCmakeOptions: {},
			progressLogs: false,
			platform: process.platform,
			platformInfo: { name: field('NAME'), version: field('VERSION_ID') },
			arch: process.arch,
			gpu: gpu === 'cpu' ? false : gpu,
			llamaCpp: { repo: release.repo, release: release.tag },
		},
	};
}

/** The release of llama.cpp that node-llama-cpp carries. */
export function bundledRelease(root = addonFolder()): { repo: string; tag: string } {
	const info: unknown = JSON.parse(readFileSync(join(root, 'llama.cpp.info.json'), 'utf8'));
	if (typeof info !== 'object' || info === null || !('tag' in info) || !('llamaCppGithubRepo' in info))
		throw configError(`${root}: llama.cpp.info.json does not name the release`);
	return { repo: String(info.llamaCppGithubRepo), tag: String(info.tag) };
}
