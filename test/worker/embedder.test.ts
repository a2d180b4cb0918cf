import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shuttingDown } from '../../src/errors.ts';
import type { EmbedRequest } from '../../src/protocol/worker-api.ts';
import type { Embedder, Embedding } from '../../src/worker/embedder.ts';
import { type LoadedModel, loadModel } from '../../src/worker/load-model.ts';
import { EMBEDDING_CONTEXT, EMBEDDING_DIMENSIONS, writeEmbeddingModel } from '../support/embedding-model.ts';
import type { GgufValue } from '../support/write-gguf.ts';
import { embeddedModel, silentLog } from './support/engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-embedder-'));
let model: LoadedModel;

function load(modelPath: string, changes: { embeddings?: boolean; contextTokens?: number } = {}): Promise<LoadedModel> {
	return loadModel({
		modelPath,
		slots: 1,
		contextTokens: null,
		threads: 1,
		gpuLayers: 0,
		batchTokens: 16,
		prefillSliceTokens: 16,
		parkedBytes: 0,
		speculates: false,
		retortVersion: '0.0.0',
		log: silentLog,
		onFailure: () => undefined,
		...changes,
	});
}

function write(name: string, changes: Record<string, GgufValue> = {}): string {
	const path = join(folder, name);
	writeEmbeddingModel(path, changes);
	return path;
}

function embedderOf({ embedder }: LoadedModel): Embedder {
	if (embedder === null) throw new TypeError('the model generates text');
	return embedder;
}

const text = (...texts: string[]): EmbedRequest => ({
	inputs: texts.map((one) => [{ text: one, special: false }]),
	truncate: false,
});
const words = (count: number) => 'cat '.repeat(count);
const embed = (request: EmbedRequest, signal = new AbortController().signal) =>
	embedderOf(model).embed(request, signal);
const cosine = (one: Embedding | undefined, other: Embedding | undefined) =>
	Array.from(one?.vector ?? []).reduce((sum, value, index) => sum + value * (other?.vector[index] ?? 0), 0);

beforeAll(async () => {
	model = await load(write('bert.gguf'));
});

afterAll(async () => {
	await embedderOf(model).close();
	await model.dispose();
	rmSync(folder, { recursive: true });
});

test('a file that says how to pool is an embedding model, and tells its width and its context', () => {
	expect(model.engine).toBeNull();
	expect(model.info).toMatchObject({
		embedding: { dimensions: EMBEDDING_DIMENSIONS },
		contextTokens: EMBEDDING_CONTEXT,
		model: { architecture: 'bert', quantization: 'F32' },
	});
});

test('equal inputs have equal vectors of length 1, different ones differ, and the order is kept', async () => {
	const [cat, dogs, again] = await embed(
		text('the cat sat on the mat', 'dogs bark at night', 'the cat sat on the mat'),
	);
	expect(again).toEqual(cat);
	expect(cosine(cat, dogs)).toBeLessThan(0.999);
	for (const one of [cat, dogs]) expect(Math.hypot(...(one?.vector ?? []))).toBeCloseTo(1, 5);
	const [alone] = await embed(text('dogs bark at night'));
	expect(alone).toEqual(dogs);
});

test('tokens are counted with the two that stand around them, and token ids are as good as text', async () => {
	const [fromText] = await embed(text('cat sat'));
	expect(fromText?.tokens).toBe(4);
	const tokens = [...model.vocabulary.tokenise('cat sat', false)];
	expect(await embed({ inputs: [[{ tokens }]], truncate: false })).toEqual([fromText]);
});

test('requests that run at once do not mix', async () => {
	const inputs = ['rain falls', 'in spring', 'the cat', 'dogs bark'];
	const alone = [];
	for (const one of inputs) alone.push(...(await embed(text(one))));
	const together = await Promise.all(inputs.map((one) => embed(text(one, one))));
	expect(together).toEqual(alone.map((one) => [one, one]));
});

test('an input fills the context to its last token; one more is a 400 that names it, or is cut', async () => {
	const [full] = await embed(text(words(EMBEDDING_CONTEXT - 2)));
	expect(full?.tokens).toBe(EMBEDDING_CONTEXT);
	const long = text('cat', words(EMBEDDING_CONTEXT - 1));
	await expect(embed(long)).rejects.toMatchObject({
		status: 400,
		code: 'context_length_exceeded',
		param: 'input[1]',
		message: expect.stringContaining(`${EMBEDDING_CONTEXT + 1} tokens`),
	});
	expect((await embed({ ...long, truncate: true }))[1]).toEqual(full);
});

test('control tokens that a text spells stay text', async () => {
	const [spelled] = await embed(text('cat [SEP] mat'));
	expect(spelled?.tokens).toBeGreaterThan(5);
});

test('a token that the model does not have is a 400', async () => {
	const request = { inputs: [[{ tokens: [5, 4000] }]], truncate: false };
	await expect(embed(request)).rejects.toMatchObject({ status: 400, param: 'input[0]' });
});

test('a client that leaves ends its request at the next input', async () => {
	const abort = new AbortController();
	const request = embed(text(...Array.from({ length: 50 }, () => words(40))), abort.signal);
	abort.abort(new RangeError('left'));
	await expect(request).rejects.toThrow('left');
	expect(embedderOf(model).health().busySlots).toBe(0);
});

test('a text model makes embeddings when it is told to, and a reranker is refused', async () => {
	const told = await load(embeddedModel, { embeddings: true, contextTokens: 256 });
	const [one, same, other] = await embedderOf(told).embed(
		text('Hello there', 'Hello there', 'Count'),
		AbortSignal.any([]),
	);
	expect(same).toEqual(one);
	expect(cosine(one, other)).toBeLessThan(0.9999);
	expect(told.info.embedding?.dimensions).toBe(one?.vector.length);
	await told.dispose();
	await expect(load(write('ranker.gguf', { 'bert.pooling_type': { u32: 4 } }))).rejects.toThrow('reranker');
});

test('what is closed takes no more, and what is destroyed ends', async () => {
	const own = await load(join(folder, 'bert.gguf'));
	const embedder = embedderOf(own);
	const signal = new AbortController().signal;
	const running = embedder.embed(text(...Array.from({ length: 50 }, () => 'cat')), signal);
	const failed = expect(running).rejects.toMatchObject({ code: 'shutting_down' });
	await embedder.destroy(shuttingDown());
	await failed;
	await expect(embedder.embed(text('cat'), signal)).rejects.toMatchObject({ code: 'shutting_down' });
	await own.dispose();
});
