import { z } from 'zod';
import { configError } from '../../../errors.ts';
import type { Piece } from '../../../tokens/piece.ts';
import type { StockVocabulary } from '../stock-model.ts';
import { byteOfCharacter } from './byte-characters.ts';

const addedTokenSchema = z.object({
	id: z.int().nonnegative(),
	content: z.string().min(1),
	lstrip: z.boolean().default(false),
	rstrip: z.boolean().default(false),
});
type AddedToken = z.infer<typeof addedTokenSchema>;

/** tokenizer.json, as far as it tells what ids stand for. */
const tokenizerSchema = z.object({
	added_tokens: z.array(addedTokenSchema).default([]),
	model: z.object({
		vocab: z.union([z.record(z.string(), z.int().nonnegative()), z.array(z.tuple([z.string(), z.number()]))]),
	}),
	decoder: z.unknown().optional(),
	post_processor: z.unknown().optional(),
});

const tokenTextSchema = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const configSchema = z.object({
	bos_token: tokenTextSchema.nullish(),
	eos_token: tokenTextSchema,
	add_bos_token: z.boolean().nullish(),
	chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});

/** The texts of a model's folder as Hugging Face has it; null for a file that it lacks. */
export type TokenizerFiles = {
	tokenizer: string;
	tokenizerConfig: string;
	/** config.json. */
	modelConfig: string | null;
	/** chat_template.jinja, which newer folders have beside tokenizer_config.json. */
	chatTemplate: string | null;
};

/** What a model's tokens are, read from its folder: no server tells it. */
export type Tokenizer = {
	vocabulary: StockVocabulary;
	bosText: string | null;
	eosText: string;
	eos: number;
	chatTemplate: string | null;
	/** Of the model with its padding; 0 when unknown. */
	vocabularySize: number;
	stripsLeft(id: number): boolean;
	stripsRight(id: number): boolean;
	/** A mark that leaves white space beside it alone. */
	separator: { id: number; text: string };
};

/** Throws `config_error`. */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
	const {
		added_tokens: added,
		model,
		decoder,
		post_processor: adds,
	} = parse('tokenizer.json', files.tokenizer, tokenizerSchema);
	const config = parse('tokenizer_config.json', files.tokenizerConfig, configSchema);
	const sizeSchema = z.object({ vocab_size: z.int().positive().optional() });
	const { vocab_size: vocabularySize = 0 } =
		files.modelConfig === null ? {} : parse('config.json', files.modelConfig, sizeSchema);
	const pieces = readPieces(model.vocab, added, decoder);
	const marks = new Map(added.filter(({ content }) => content.trim() !== '').map(({ content, id }) => [content, id]));
	const markIds = new Set(marks.values());
	const eosText = config.eos_token;
	const eos = marks.get(eosText);
	if (eos === undefined) throw configError(`tokenizer.json has no token ${JSON.stringify(eosText)}`);
	const separator = added.find(({ content, lstrip, rstrip }) => content.trim() !== '' && !lstrip && !rstrip);
	if (separator === undefined) throw configError('tokenizer.json has no added token that leaves white space alone');
	const bosText = config.bos_token ?? null;
	const bos = bosText === null ? null : (marks.get(bosText) ?? null);
	const ends = new Set([eos]);
	const strips = (side: 'lstrip' | 'rstrip') => {
		const ids = new Set(added.filter((token) => token[side]).map(({ id }) => id));
		return (id: number) => ids.has(id);
	};
	return {
		vocabulary: {
			size: Math.max(vocabularySize, pieces.length),
			bos,
			addsBos: bos !== null && (config.add_bos_token ?? JSON.stringify(adds ?? null).includes(JSON.stringify(bosText))),
			marks,
			isMark: (id) => markIds.has(id),
			isEndOfGeneration: (id) => ends.has(id),
			learnEnd: (id) => void ends.add(id),
			piece: (id) => pieces[id] ?? EMPTY,
		},
		bosText,
		eosText,
		eos,
		chatTemplate: files.chatTemplate ?? defaultTemplate(config.chat_template),
		vocabularySize,
		stripsLeft: strips('lstrip'),
		stripsRight: strips('rstrip'),
		separator: { id: separator.id, text: separator.content },
	};
}

const EMPTY: Piece = { bytes: new Uint8Array(), text: '' };

function parse<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.infer<Schema> {
	try {
		return schema.parse(JSON.parse(text));
	} catch (error) {
		throw configError(`${file} is not what a model's folder has under this name`, error);
	}
}

function defaultTemplate(template: string | { name: string; template: string }[] | null | undefined): string | null {
	if (template === null || template === undefined || typeof template === 'string') return template ?? null;
	return template.find(({ name }) => name === 'default')?.template ?? null;
}

function readPieces(
	vocab: z.infer<typeof tokenizerSchema>['model']['vocab'],
	added: readonly AddedToken[],
	decoder: unknown,
): Piece[] {
	const spelled: [string, number][] = Array.isArray(vocab)
		? vocab.map(([text], id) => [text, id])
		: Object.entries(vocab);
	// Two ways to write bytes as text: a character for each byte, or sentencepiece's signs for blanks and lone bytes.
	const toBytes = JSON.stringify(decoder ?? null).includes('"ByteLevel"') ? bytesOfCharacters : bytesOfSentencePiece;
	const pieces: Piece[] = [];
	for (const [text, id] of spelled) pieces[id] = pieceOf(toBytes(text));
	for (const { id, content } of added) pieces[id] = { bytes: Buffer.from(content), text: content };
	return pieces;
}

function bytesOfCharacters(text: string): Uint8Array {
	return Buffer.concat([...text].map((character) => byteOfCharacter(character)));
}

function bytesOfSentencePiece(text: string): Uint8Array {
	const byte = /^<0x([0-9A-F]{2})>$/.exec(text)?.[1];
	return byte === undefined ? Buffer.from(text.replaceAll('▁', ' ')) : Uint8Array.of(Number.parseInt(byte, 16));
}

function pieceOf(bytes: Uint8Array): Piece {
	const text = Buffer.from(bytes).toString('utf8');
	return { bytes, text: Buffer.from(text).equals(bytes) ? text : null };
}
