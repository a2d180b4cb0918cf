import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { LlamaModel } from 'node-llama-cpp';
import type { WorkerInfo } from '../protocol/worker-api.ts';
import { bindModel } from './binding.ts';
import type { Vocabulary } from './vocabulary.ts';

export function textOf(vocabulary: Vocabulary, id: number | null): string | null {
	return id === null ? null : vocabulary.piece(id).text;
}

export function describeModel(model: LlamaModel, fileBytes: number, vocabularySize: number): WorkerInfo['model'] {
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
export function quantizationOf(fileType: string | undefined): { quantization?: string } {
	return fileType === undefined ? {} : { quantization: fileType.replace(/^(MOSTLY|ALL)_/, '') };
}

/** GGUF counts are bigints, which JSON does not know. */
function toStableJson(value: unknown): string {
	return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? '';
}
