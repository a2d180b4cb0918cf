import type { NativeModel } from './binding.ts';

/** llama.h, enum llama_vocab_type. */
const SENTENCEPIECE = 1;
const BYTE_PAIR = 2;
const UNIGRAM = 4;

const UNKNOWN_OR_UNUSED = 1 | 2;
const USER_DEFINED = 16;
const BYTE = 32;

/** GPT-2's printable stand-ins for bytes, read backwards. Source: openai/gpt-2 encoder.py, bytes_to_unicode. */
const byteOfCharacter = new Map<number, number>();
for (let byte = 0, next = 256; byte < 256; byte++) {
	const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
	byteOfCharacter.set(prints ? byte : next++, byte);
}

/**
 * The raw bytes of one token, which llama.cpp's detokeniser does not hand out through the binding: it makes a string,
 * and half a character becomes U+FFFD there. Follows llama_vocab::impl::token_to_piece of llama.cpp v0.5.0.
 */
export function tokenBytes(model: NativeModel, vocabularyType: number, id: number, isMark: boolean): Uint8Array {
	const text = model.getTokenString(id) ?? '';
	const attributes = model.getTokenAttributes(id);
	if (isMark || (attributes & USER_DEFINED) !== 0) return Buffer.from(text, 'utf8');
	if ((attributes & UNKNOWN_OR_UNUSED) !== 0) return Buffer.alloc(0);
	if (vocabularyType === BYTE_PAIR) return bytePairBytes(text);
	if (vocabularyType === SENTENCEPIECE || vocabularyType === UNIGRAM) {
		const byte = (attributes & BYTE) !== 0 ? /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1] : undefined;
		return byte === undefined ? Buffer.from(text.replaceAll('▁', ' '), 'utf8') : Buffer.from(byte, 'hex');
	}
	return Buffer.from(model.detokenize(Uint32Array.of(id), false), 'utf8');
}

function bytePairBytes(text: string): Uint8Array {
	const bytes: number[] = [];
	for (const character of text) {
		const byte = byteOfCharacter.get(character.codePointAt(0) ?? -1);
		if (byte === undefined) bytes.push(...Buffer.from(character, 'utf8'));
		else bytes.push(byte);
	}
	return Uint8Array.from(bytes);
}
