import { describe, expect, it } from 'vitest';
import type { NativeModel } from '../../src/worker/binding.ts';
import { tokenBytes } from '../../src/worker/token-bytes.ts';

/** A vocabulary of texts and attributes; what token bytes are made of. */
function vocabulary(tokens: [text: string, attributes: number][]): NativeModel {
	return {
		tokenize: () => new Uint32Array(0),
		detokenize: (ids) => `<${ids[0]}>`,
		getTokenString: (id) => tokens[id]?.[0],
		getTokenAttributes: (id) => tokens[id]?.[1] ?? 0,
		isEogToken: () => false,
		getVocabularyType: () => 0,
		shouldPrependBosToken: () => false,
		tokenBos: () => -1,
		tokenEos: () => -1,
		getTotalParameters: () => 0,
	};
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const NORMAL = 4;

describe('the bytes of a token', () => {
	it('are read out of byte-pair stand-ins, half a character too', () => {
		const model = vocabulary([
			['Ġhello', NORMAL],
			['Ã©', NORMAL],
			['ðŁ', NORMAL],
			['Ċ', NORMAL],
		]);
		expect(text(tokenBytes(model, 2, 0, false))).toBe(' hello');
		expect(text(tokenBytes(model, 2, 1, false))).toBe('é');
		expect([...tokenBytes(model, 2, 2, false)]).toEqual([0xf0, 0x9f]);
		expect(text(tokenBytes(model, 2, 3, false))).toBe('\n');
	});

	it('are read out of SentencePiece spaces and byte tokens', () => {
		const model = vocabulary([
			['▁the', NORMAL],
			['<0xE2>', 32],
			['<0xE2>', NORMAL],
		]);
		expect(text(tokenBytes(model, 1, 0, false))).toBe(' the');
		expect([...tokenBytes(model, 1, 1, false)]).toEqual([0xe2]);
		expect(text(tokenBytes(model, 1, 2, false))).toBe('<0xE2>');
	});

	it('of a mark are its text, whatever the vocabulary, and of an unused token nothing', () => {
		const model = vocabulary([
			['<｜User｜>', 8],
			['Ġx', 16],
			['[UNUSED]', 2],
		]);
		expect(text(tokenBytes(model, 2, 0, true))).toBe('<｜User｜>');
		expect(text(tokenBytes(model, 2, 1, false))).toBe('Ġx');
		expect(tokenBytes(model, 2, 2, false)).toHaveLength(0);
	});

	it("come from llama.cpp's own detokeniser where the kind of vocabulary is another", () => {
		expect(text(tokenBytes(vocabulary([['x', NORMAL]]), 3, 0, false))).toBe('<0>');
	});
});
