import { type GgufTensor, type GgufValue, writeGguf } from './write-gguf.ts';

const WIDTH = 32;
const FEED_FORWARD = 64;
const LAYERS = 2;
export const EMBEDDING_DIMENSIONS = WIDTH;
export const EMBEDDING_CONTEXT = 64;

const WORDS = ['the', 'cat', 'sat', 'on', 'mat', 'dogs', 'bark', 'at', 'night', 'rain', 'falls', 'in', 'spring'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const MARKS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/** A BERT of two layers with weights drawn from a seed: it knows nothing, but is an embedding model in every other way. */
export function writeEmbeddingModel(path: string, changes: Record<string, GgufValue> = {}): void {
	const random = gaussian(42);
	const tensors: GgufTensor[] = [];
	const add = (name: string, dimensions: number[], draw: () => number) => {
		const size = dimensions.reduce((product, dimension) => product * dimension, 1);
		tensors.push({ name, dimensions, values: Float32Array.from({ length: size }, draw) });
	};
	const weight = (name: string, from: number, to: number) => {
		add(`${name}.weight`, [from, to], () => random() / Math.sqrt(from));
		add(`${name}.bias`, [to], () => random() * 0.1);
	};
	const norm = (name: string) => {
		add(`${name}.weight`, [WIDTH], () => 1);
		add(`${name}.bias`, [WIDTH], () => 0);
	};
	// llama.cpp's form of WordPiece: what begins a word has the mark that sentencepiece uses for a space.
	const tokens = [
		...MARKS,
		...WORDS.map((word) => `\u2581${word}`),
		...LETTERS.flatMap((one) => [`\u2581${one}`, one]),
	];
	add('token_embd.weight', [WIDTH, tokens.length], random);
	add('token_types.weight', [WIDTH, 2], () => random() * 0.1);
	add('position_embd.weight', [WIDTH, EMBEDDING_CONTEXT], () => random() * 0.3);
	norm('token_embd_norm');
	for (let layer = 0; layer < LAYERS; layer++) {
		const block = `blk.${layer}`;
		for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) weight(`${block}.${name}`, WIDTH, WIDTH);
		norm(`${block}.attn_output_norm`);
		weight(`${block}.ffn_up`, WIDTH, FEED_FORWARD);
		weight(`${block}.ffn_down`, FEED_FORWARD, WIDTH);
		norm(`${block}.layer_output_norm`);
	}
	writeGguf(
		path,
		{
			'general.architecture': 'bert',
			'general.name': 'random embedder',
			'general.file_type': { u32: 0 },
			'bert.context_length': { u32: EMBEDDING_CONTEXT },
			'bert.embedding_length': { u32: WIDTH },
			'bert.feed_forward_length': { u32: FEED_FORWARD },
			'bert.block_count': { u32: LAYERS },
			'bert.attention.head_count': { u32: 2 },
			'bert.attention.layer_norm_epsilon': { f32: 1e-12 },
			'bert.attention.causal': false,
			'bert.pooling_type': { u32: 1 },
			'tokenizer.ggml.model': 'bert',
			'tokenizer.ggml.token_type_count': { u32: 2 },
			'tokenizer.ggml.tokens': { strings: tokens },
			'tokenizer.ggml.token_type': { i32s: tokens.map((_, id) => (id < MARKS.length ? 3 : 1)) },
			'tokenizer.ggml.unknown_token_id': { u32: 1 },
			'tokenizer.ggml.bos_token_id': { u32: 2 },
			'tokenizer.ggml.cls_token_id': { u32: 2 },
			'tokenizer.ggml.eos_token_id': { u32: 3 },
			'tokenizer.ggml.seperator_token_id': { u32: 3 },
			'tokenizer.ggml.padding_token_id': { u32: 0 },
			'tokenizer.ggml.mask_token_id': { u32: 4 },
			...changes,
		},
		tensors,
	);
}

/** Normal numbers that are the same on every machine: a linear congruential generator and Box and Muller's transform. */
function gaussian(seed: number): () => number {
	let state = seed;
	const uniform = () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return (state + 1) / 4_294_967_297;
	};
	return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
