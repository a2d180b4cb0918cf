import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';
import type { SpawnCommand } from '../pool/child-process.ts';
import type { ModelFiles } from './model-files.ts';
import { mainPath } from './package-root.ts';
import { workerEnvironment } from './worker-environment.ts';

/** How a model's worker process is started on a socket. */
export function workerSpawner(config: Config, files: ReadonlyMap<string, ModelFiles>) {
	return (name: string, socketPath: string): SpawnCommand => {
		const model = config.models[name];
		const file = files.get(name);
		if (model === undefined || file === undefined) throw configError(`no model ${name} is configured`);
		const { contextTokens, threads, batchTokens } = model;
		const { memoryLimitMiB, outliveSeconds } = config.workers;
		const flags = [
			`--listen=unix:${socketPath}`,
			`--model=${file.path}`,
			`--name=${name}`,
			`--slots=${model.slots}`,
			...(contextTokens === null ? [] : [`--context=${contextTokens}`]),
			...(threads === null ? [] : [`--threads=${threads}`]),
			`--gpu-layers=${model.gpuLayers}`,
			...(batchTokens === null ? [] : [`--batch-tokens=${batchTokens}`]),
			`--prefill-slice-tokens=${model.prefillSliceTokens}`,
			`--parked-bytes=${config.cache.parkedBytes}`,
			...(model.speculation ? [] : ['--no-speculation']),
			...(file.draftPath === null ? [] : [`--draft-model=${file.draftPath}`]),
			...(model.embeddings === null ? [] : [model.embeddings ? '--embeddings' : '--no-embeddings']),
			outliveSeconds === null ? '--end-with-stdin' : `--outlive=${outliveSeconds}`,
		];
		const heap = memoryLimitMiB === null ? [] : [`--max-old-space-size=${memoryLimitMiB}`];
		return {
			command: process.execPath,
			args: [...heap, mainPath, 'worker', ...flags],
			env: workerEnvironment(model),
		};
	};
}
