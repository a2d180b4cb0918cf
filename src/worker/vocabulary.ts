import type { Piece, TokenTable } from '../tokens/piece.ts';
import type { NativeModel } from './binding.ts';
import { tokenBytes } from './token-bytes.ts';

/** llama.h, enum llama_token_attr. */
const CONTROL = 8;
const USER_DEFINED = 16;
export const LEFT_STRIP = 128;
export const RIGHT_STRIP = 256;

export type Vocabulary = TokenTable & {
	readonly size: number;
	readonly bos: number | null;
	readonly eos: number | null;
	readonly addsBos: boolean;
	/** Text to id of every control and user-defined token that is not plain whitespace: the marks of a format. */
	readonly marks: ReadonlyMap<string, number>;
	attributes(id: number): number;
	/** llama.cpp's tokeniser as it is; user-defined tokens match even without `parsesSpecial`. */
	tokenise(text: string, parsesSpecial: boolean): Uint32Array;
};

export function createVocabulary(model: NativeModel, size: number): Vocabulary {
	const type = model.getVocabularyType();
	const marks = new Map<string, number>();
	const markIds = new Set<number>();
	for (let id = 0; id < size; id++) {
		if ((model.getTokenAttributes(id) & (CONTROL | USER_DEFINED)) === 0) continue;
		const text = model.getTokenString(id);
		// Gemma's runs of newlines and spaces are user-defined too: ordinary text that can forge nothing.
		if (text === undefined || text.trim() === '') continue;
		marks.set(text, id);
		markIds.add(id);
	}
	const pieces: (Piece | undefined)[] = new Array(size);
	const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	const orNull = (id: number) => (id < 0 ? null : id);
	return {
		size,
		bos: orNull(model.tokenBos()),
		eos: orNull(model.tokenEos()),
		addsBos: model.shouldPrependBosToken(),
		marks,
		isMark: (id) => markIds.has(id),
		attributes: (id) => model.getTokenAttributes(id),
		isEndOfGeneration: (id) => model.isEogToken(id),
		tokenise: (text, parsesSpecial) => (text === '' ? new Uint32Array(0) : model.tokenize(text, parsesSpecial)),
		piece(id) {
			const known = pieces[id];
			if (known !== undefined) return known;
			const bytes = tokenBytes(model, type, id, markIds.has(id));
			let text: string | null = null;
			try {
				text = decoder.decode(bytes);
			} catch {
				// A part of a character: the token decoder joins it with its neighbours.
			}
			const piece = { bytes, text };
			pieces[id] = piece;
			return piece;
		},
	};
}
