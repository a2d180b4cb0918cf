import { describe, expect, it } from 'vitest';
import { createSpeller } from '../../../../src/pool/stock/openai/spell-text.ts';
import { createTokenizer } from '../../../../src/pool/stock/openai/tokenizer.ts';
import { tokenizerFiles } from '../../../support/fake-openai-endpoint.ts';

const file = (fields: object) => ({ ...tokenizerFiles, tokenizer: JSON.stringify(fields) });
const added = (id: number, content: string, strips = false) => ({ id, content, lstrip: strips, rstrip: strips });

describe('createTokenizer', () => {
	it('reads every byte out of a byte-level vocabulary', () => {
		const { vocabulary } = createTokenizer(tokenizerFiles);
		for (let byte = 0; byte < 256; byte += 1) expect([...vocabulary.piece(byte).bytes]).toEqual([byte]);
		expect(vocabulary.piece(32).text).toBe(' ');
		expect(vocabulary.piece(200).text).toBeNull();
		expect(vocabulary.size).toBe(272);
		expect([vocabulary.bos, vocabulary.addsBos]).toEqual([256, true]);
	});

	it('reads a vocabulary of pieces with signs for blanks and lone bytes, as a table and as a list', () => {
		const marks = [added(3, '<s>'), added(4, '<eos>')];
		const read = (vocab: unknown) =>
			createTokenizer(file({ added_tokens: marks, model: { vocab }, decoder: { type: 'Sequence' } })).vocabulary;
		for (const vocabulary of [
			read({ '▁the': 0, '<0xE2>': 1, x: 2 }),
			read([
				['▁the', -1],
				['<0xE2>', -2],
				['x', -3],
			]),
		]) {
			expect(vocabulary.piece(0).text).toBe(' the');
			expect([...vocabulary.piece(1).bytes]).toEqual([0xe2]);
			expect(vocabulary.piece(4).text).toBe('<eos>');
		}
	});

	it('knows the marks, those that take white space away, and a BOS that only the post-processor names', () => {
		const tokenizer = createTokenizer({
			...file({
				added_tokens: [added(0, '<a>', true), added(1, '<eos>'), added(2, '<bos>'), added(3, '  ')],
				model: { vocab: {} },
				post_processor: { single: [{ SpecialToken: { id: '<bos>' } }] },
			}),
			tokenizerConfig: JSON.stringify({ bos_token: '<bos>', eos_token: '<eos>' }),
			modelConfig: null,
		});
		expect([...tokenizer.vocabulary.marks.keys()]).toEqual(['<a>', '<eos>', '<bos>']);
		expect([tokenizer.stripsLeft(0), tokenizer.stripsRight(1)]).toEqual([true, false]);
		expect(tokenizer.separator).toEqual({ id: 1, text: '<eos>' });
		expect(tokenizer.vocabulary.addsBos).toBe(true);
		expect(tokenizer).toMatchObject({ vocabularySize: 0, chatTemplate: null });
	});

	it('takes the default of several templates, and says which file is wrong', () => {
		const chat_template = [
			{ name: 'rag', template: 'r' },
			{ name: 'default', template: 'd' },
		];
		const config = JSON.stringify({ eos_token: '<eos>', chat_template });
		expect(createTokenizer({ ...tokenizerFiles, tokenizerConfig: config }).chatTemplate).toBe('d');
		expect(() => createTokenizer({ ...tokenizerFiles, tokenizer: '{' })).toThrow(/^tokenizer\.json is not/);
		expect(() => createTokenizer({ ...tokenizerFiles, tokenizerConfig: '{}' })).toThrow(
			/^tokenizer_config\.json is not/,
		);
		const strange = JSON.stringify({ eos_token: '<none>' });
		expect(() => createTokenizer({ ...tokenizerFiles, tokenizerConfig: strange })).toThrow(/no token "<none>"/);
	});
});

describe('createSpeller', () => {
	it('takes the longest token that fits, and spells every text', () => {
		const vocab = Object.fromEntries([...'abcdé'].map((letter, id) => [letter, id]));
		const { vocabulary } = createTokenizer(
			file({ added_tokens: [added(9, '<eos>')], model: { vocab: { ...vocab, ab: 6, abcd: 7 } }, decoder: null }),
		);
		const spell = createSpeller(vocabulary);
		expect(spell('abcdab')).toEqual([7, 6]);
		expect(spell('abcab<eos>é')).toEqual([6, 2, 6, 9, 4]);
	});
});
