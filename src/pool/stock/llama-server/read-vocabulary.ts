import type { z } from 'zod';
import type { Piece } from '../../../tokens/piece.ts';
import type { StockVocabulary } from '../stock-model.ts';
import { piecesSchema, tokenizeSchema } from './api.ts';

/** A call of /tokenize. `content` mixes texts, each tokenised by itself, and ids, which stay. */
export type Tokenize = <Schema extends z.ZodType>(
	body: {
		content: readonly (string | number)[] | string;
		add_special?: boolean;
		parse_special?: boolean;
		with_pieces?: boolean;
	},
	schema: Schema,
) => Promise<z.infer<Schema>>;

export type LlamaServerVocabulary = StockVocabulary & {
	/** The ids whose bytes, joined, are these: what was lost of a character that came in several tokens. null: none found. */
	spell(bytes: Uint8Array, count: number): number[] | null;
};

/** Ids in one call: an answer of about a megabyte. */
const IDS_AT_ONCE = 16_384;
/** What marks of a format look like. */
const MARK_FORM = /^(<[^<>\s]{1,80}>|\[[^[\]\s]{1,80}\])$/u;

/**
 * Learns every token of an engine that tells nothing but what it tokenises: all pieces by their ids, then which of those that
 * look like marks are found in text as marks.
 */
export async function readVocabulary(
	tokenize: Tokenize,
	model: { size: number; bosText: string; eosText: string },
): Promise<LlamaServerVocabulary> {
	const pieces: Piece[] = [];
	for (let from = 0; from < model.size; from += IDS_AT_ONCE) {
		const content = Array.from({ length: Math.min(IDS_AT_ONCE, model.size - from) }, (_, index) => from + index);
		const { tokens } = await tokenize({ content, with_pieces: true }, piecesSchema);
		for (const { id, piece } of tokens)
			pieces[id] = typeof piece === 'string' ? { bytes: Buffer.from(piece), text: piece } : partial(piece);
	}
	const bos = await onlyToken(tokenize, model.bosText);
	const eos = await onlyToken(tokenize, model.eosText);
	const marks = await findMarks(tokenize, pieces, eos ?? bos ?? model.size - 1);
	const markIds = new Set(marks.values());
	const ends = new Set<number>(eos === null ? [] : [eos]);
	const empty = await tokenize({ content: '', add_special: true }, tokenizeSchema);
	let bySpelling: Map<string, number> | null = null;
	const key = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
	return {
		size: model.size,
		bos,
		addsBos: empty.tokens[0] === bos && bos !== null,
		marks,
		isMark: (id) => markIds.has(id),
		isEndOfGeneration: (id) => ends.has(id),
		learnEnd: (id) => void ends.add(id),
		piece: (id) => pieces[id] ?? { bytes: new Uint8Array(), text: '' },
		spell(bytes, count) {
			bySpelling ??= new Map(pieces.map(({ bytes: spelling }, id) => [key(spelling), id]));
			return spellWith(bySpelling, key(bytes), count);
		},
	};
}

function partial(bytes: number[]): Piece {
	return { bytes: Uint8Array.from(bytes), text: null };
}

async function onlyToken(tokenize: Tokenize, text: string): Promise<number | null> {
	if (text === '') return null;
	const { tokens } = await tokenize({ content: text, parse_special: true }, tokenizeSchema);
	return tokens.length === 1 ? (tokens[0] ?? null) : null;
}

/** A token is a mark when its text is read as it with special tokens on, and, if also with them off, in the middle of a word. */
async function findMarks(
	tokenize: Tokenize,
	pieces: readonly Piece[],
	separator: number,
): Promise<Map<string, number>> {
	const candidates = pieces.flatMap(({ text }, id) => (text !== null && MARK_FORM.test(text) ? [{ id, text }] : []));
	const read = async (around: (text: string) => string, parse_special: boolean) => {
		const content = candidates.flatMap(({ text }) => [around(text), separator]);
		const { tokens } = await tokenize({ content, parse_special }, tokenizeSchema);
		const groups: number[][] = [[]];
		for (const id of tokens) {
			if (id === separator) groups.push([]);
			else groups.at(-1)?.push(id);
		}
		return groups;
	};
	const special = await read((text) => text, true);
	const plain = await read((text) => text, false);
	const inWord = await read((text) => `a${text}b`, false);
	const marks = new Map<string, number>();
	// The separator is a mark itself, and cuts its own group in two: its neighbours' groups would be misread.
	const own = candidates.findIndex(({ id }) => id === separator);
	for (const [index, { id, text }] of candidates.entries()) {
		const at = own === -1 || index <= own ? index : index + 1;
		const isSpecial = index === own || (special[at]?.length === 1 && special[at]?.[0] === id);
		const isPlain = plain[index]?.length === 1 && plain[index]?.[0] === id;
		if (isSpecial && (!isPlain || inWord[index]?.includes(id))) marks.set(text, id);
	}
	return marks;
}

function spellWith(ids: ReadonlyMap<string, number>, text: string, count: number): number[] | null {
	if (count === 1) {
		const id = ids.get(text);
		return id === undefined ? null : [id];
	}
	for (let length = text.length - (count - 1); length > 0; length--) {
		const id = ids.get(text.slice(0, length));
		const rest = id === undefined ? null : spellWith(ids, text.slice(length), count - 1);
		if (id !== undefined && rest !== null) return [id, ...rest];
	}
	return null;
}
