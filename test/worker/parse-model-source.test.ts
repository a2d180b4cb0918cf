import { describe, expect, it } from 'vitest';
import { parseModelSource } from '../../src/worker/parse-model-source.ts';

describe('parseModelSource', () => {
	it('knows paths, quantisations and files of a repository', () => {
		expect(parseModelSource('./m.gguf')).toEqual({ type: 'file', path: './m.gguf' });
		expect(parseModelSource('C:\\m.gguf')).toEqual({ type: 'file', path: 'C:\\m.gguf' });
		expect(parseModelSource('hf:u/r:Q4_K_M')).toEqual({ type: 'quant', user: 'u', repo: 'r', quant: 'Q4_K_M' });
		expect(parseModelSource('hf:u/r')).toEqual({ type: 'quant', user: 'u', repo: 'r', quant: 'latest' });
		expect(parseModelSource('hf:u/r/a/b.gguf#v1.0')).toEqual({
			type: 'hub-file',
			user: 'u',
			repo: 'r',
			file: 'a/b.gguf',
			revision: 'v1.0',
		});
	});

	it.each([
		'hf:',
		'hf:u',
		'hf:u/',
		'hf:u/r:',
		'hf:u/r:../x',
		'hf:../r:Q4',
		'hf:u/r/../../x.gguf',
		'hf:u/r/readme.md',
		'hf:u/r/a.gguf#',
		'hf:u/r/a.gguf#x#y',
	])('refuses %s and says what would be right', (source) => {
		expect(() => parseModelSource(source)).toThrow(/hf:user\/repo:QUANT/);
	});

	it('refuses web addresses', () => {
		expect(() => parseModelSource('https://example.com/m.gguf')).toThrow(/a model is a GGUF file or hf:/);
	});
});
