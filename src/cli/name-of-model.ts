import { basename } from 'node:path';
import { configError } from '../errors.ts';
import { parseModelSource } from '../worker/parse-model-source.ts';

/** `./DeepSeek-R1.gguf` and `hf:user/DeepSeek-R1-GGUF:Q4_K_M` are both served as DeepSeek-R1. */
export function nameOfModel(source: string): string {
	const parsed = parseModelSource(source);
	if (parsed.type === 'quant') return parsed.repo.replace(/-gguf$/i, '');
	const file = basename(parsed.type === 'file' ? parsed.path : parsed.file);
	const name = file.replace(/\.gguf$/i, '').replace(/-\d{5}-of-\d{5}$/, '');
	if (name === '') throw configError(`--model ${source} names no file`);
	return name;
}
