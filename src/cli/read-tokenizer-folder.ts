import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError } from '../errors.ts';
import { createTokenizer, type Tokenizer } from '../pool/stock/openai/tokenizer.ts';

/** A model's tokens and template from its folder as Hugging Face has it; no weights are needed. Throws `config_error`. */
export function readTokenizerFolder(folder: string): Tokenizer {
	const required = (name: string): string => {
		const path = join(folder, name);
		try {
			return readFileSync(path, 'utf8');
		} catch (error) {
			throw configError(`${path}: cannot be read; the model's folder on Hugging Face has it`, error);
		}
	};
	const optional = (name: string) => (existsSync(join(folder, name)) ? required(name) : null);
	return createTokenizer({
		tokenizer: required('tokenizer.json'),
		tokenizerConfig: required('tokenizer_config.json'),
		modelConfig: optional('config.json'),
		chatTemplate: optional('chat_template.jinja'),
	});
}
