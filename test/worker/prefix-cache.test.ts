import { readdirSync } from 'node:fs';
import { getLlama } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerateRequest, PromptPart } from '../../src/protocol/worker-api.ts';
import { NO_GAPS } from '../../src/worker/batch-gaps.ts';
import { bindModel, bindNative, type Native } from '../../src/worker/binding.ts';
import { Engine } from '../../src/worker/engine.ts';
import { openSequenceFiles, type SequenceFiles } from '../../src/worker/sequence-files.ts';
import type { Parking } from '../../src/worker/sequence-shelf.ts';
import { createVocabulary, type Vocabulary } from '../../src/worker/vocabulary.ts';
import { ask, embeddedModel, phase, run, sampling } from './support/engine.ts';

const SLOTS = 3;
const CONTEXT_TOKENS = 1024;
let native: Native;
let vocabulary: Vocabulary;
let files: SequenceFiles | null;
let dispose: () => Promise<void>;

beforeAll(async () => {
	const llama = await getLlama({ build: 'never', skipDownload: true, gpu: false, maxThreads: 1 });
	const model = await llama.loadModel({ modelPath: embeddedModel });
	const options = { sequences: SLOTS, contextSize: CONTEXT_TOKENS, batchSize: 128, threads: 1 };
	const context = await model.createContext(options);
	native = bindNative(llama, model, context);
	vocabulary = createVocabulary(bindModel(model), model.fileInfo.metadata.tokenizer.ggml.tokens.length);
	files = openSequenceFiles(native.context);
	dispose = async () => {
		await context.dispose();
		await model.dispose();
		await llama.dispose();
	};
});

afterAll(() => dispose());

/** An engine that knows what a prompt token costs, to which moving costs nothing: what it decides hangs on no clock. */
async function startEngine(parking: Partial<Parking> | null = null, rows = NO_GAPS): Promise<Engine> {
	for (let sequence = 0; sequence < SLOTS; sequence += 1) native.context.disposeSequence(sequence);
	const engine = new Engine({
		native,
		vocabulary,
		slots: SLOTS,
		contextTokens: CONTEXT_TOKENS,
		batchTokens: 128,
		prefillSliceTokens: 64,
		copyMs: 0,
		rows,
		parking:
			parking === null || files === null ? null : { files, budgetBytes: 2 ** 30, bytesPerToken: 1e-3, ...parking },
		onFailure: () => undefined,
	});
	await run(engine, ask('Learn what a token of a prompt costs.', { cacheScope: 'first' }));
	return engine;
}

const mark = (text: string): PromptPart => ({ text, special: true });
const words = (count: number, word = 'rule') => Array.from({ length: count }, (_, at) => `${word} ${at}`).join(', ');

/** A question under a long system prompt. */
function under(system: string, question: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
	const prompt = [
		mark('<｜begin▁of▁sentence｜>'),
		{ text: system, special: false },
		mark('<｜User｜>'),
		{ text: question, special: false },
		mark('<｜Assistant｜><think>\n'),
	];
	return ask('', { prompt, maxTokens: 40, ...changes });
}

const system = words(60);

describe('a prefix that lives in another slot', () => {
	it('is copied while that slot is busy, and what follows is what a cold one says', async () => {
		const engine = await startEngine();
		const second = under(system, 'What is 3+4?');
		const cold = await run(engine, { ...second, requestId: 'cold', cacheScope: 'cold' });
		expect(cold.end?.cachedTokens).toBe(0);
		const beside: ReturnType<typeof run>[] = [];
		await run(engine, under(system, 'What is 17+25?'), (event) => {
			if (event.type === 'delta' && beside.length === 0) beside.push(run(engine, second));
		});
		const [copied] = await Promise.all(beside);
		if (copied === undefined) throw new TypeError('no delta');
		const { end, ids } = copied;
		const shared = engine.tokenisePrompt([mark('<｜begin▁of▁sentence｜>'), { text: system, special: false }]).length;
		expect(end?.cachedTokens).toBeGreaterThanOrEqual(shared);
		expect(ids).toEqual(cold.ids);
		expect(engine.health().prefixCache.copied).toBe(1);
		await engine.close();
	});

	it('is read once by those that arrive together, each of which goes on as alone', async () => {
		const engine = await startEngine();
		const questions = ['What is 3+4?', 'What is 3+4?', 'What is 30+40?'];
		const alone = [];
		for (const [at, text] of questions.entries())
			alone.push((await run(engine, under(system, text, { cacheScope: `alone-${at}` }))).ids);
		const { progress } = engine.health();
		const together = await Promise.all(questions.map((text) => run(engine, under(system, text))));
		expect(together.map(({ ids }) => ids)).toEqual(alone);
		const [first, same, other] = together.map(({ end }) => end);
		expect(first?.cachedTokens).toBe(0);
		expect(same?.cachedTokens).toBe((same?.promptTokens ?? 0) - 1);
		expect(other?.cachedTokens).toBeGreaterThan(200);
		const read = together.reduce((sum, { end }) => sum + (end?.promptTokens ?? 0) - (end?.cachedTokens ?? 0), 0);
		const generated = together.reduce((sum, { ids }) => sum + ids.length, 0);
		expect(engine.health().progress - progress).toBeLessThanOrEqual(read + generated);
		await engine.close();
	});

	it('is waited for no longer than its reader lives', async () => {
		const engine = await startEngine();
		const request = under(words(120), 'What is 3+4?');
		const cold = await run(engine, { ...request, requestId: 'cold', cacheScope: 'cold' });
		const leader = run(engine, { ...request, requestId: 'leader' }, (event, handle) => {
			if (event.type === 'prefill-progress') handle().cancel();
		});
		const follower = run(engine, request);
		await leader;
		const { end, ids } = await follower;
		expect(ids).toEqual(cold.ids);
		expect(end?.cachedTokens).toBeLessThan((end?.promptTokens ?? 0) - 1);
		expect(engine.health().busySlots).toBe(0);
		await engine.close();
	});

	it('is never shared with another scope', async () => {
		const engine = await startEngine({});
		const ends = await Promise.all(
			['a', 'b', 'c'].map((cacheScope) => run(engine, under(system, 'What is 3+4?', { cacheScope }))),
		);
		expect(ends.map(({ end }) => end?.cachedTokens)).toEqual([0, 0, 0]);
		await engine.close();
	});
});

describe.runIf(process.platform === 'linux')('a conversation that has to give up its slot', () => {
	/** Its first turn, with what lets it go on. */
	function opening(name: string): GenerateRequest {
		const head = [mark('<｜begin▁of▁sentence｜>'), { text: words(50, name), special: false }, mark('<｜Assistant｜>')];
		const keepForNextTurn = { head, tail: [mark('<｜end▁of▁sentence｜>')] };
		return ask('', { prompt: [...head, mark('<think>\n')], keepForNextTurn, maxTokens: 30 });
	}
	function nextTurn(name: string, answer: string): GenerateRequest {
		const { head, tail } = opening(name).keepForNextTurn ?? { head: [], tail: [] };
		const question = [mark('<｜User｜>'), { text: 'And 3+4?', special: false }, mark('<｜Assistant｜><think>\n')];
		return ask('', { prompt: [...head, { text: answer, special: false }, ...tail, ...question], maxTokens: 30 });
	}
	const names = ['one', 'two', 'three', 'four', 'five'];
	async function talk(engine: Engine): Promise<string[]> {
		const answers: string[] = [];
		for (const name of names) {
			answers.push((await run(engine, opening(name))).answer);
			await engine.whenIdle();
		}
		return answers;
	}

	it('is parked, and comes back with all of its tokens', async () => {
		const engine = await startEngine({});
		const answers = await talk(engine);
		expect(engine.health().prefixCache.parkedBytes).toBeGreaterThan(0);
		for (const [at, name] of names.entries()) {
			const turn = nextTurn(name, answers[at] ?? '');
			const { end, ids } = await run(engine, turn);
			expect((end?.promptTokens ?? 0) - (end?.cachedTokens ?? 0)).toBeLessThan(12);
			const cold = await run(engine, { ...turn, requestId: `cold-${at}`, cacheScope: `cold-${at}` });
			expect(cold.end?.cachedTokens).toBe(0);
			expect(ids).toEqual(cold.ids);
		}
		expect(engine.health().prefixCache.restored).toBeGreaterThanOrEqual(3);
		await engine.close();
		expect(engine.health().prefixCache.parkedBytes).toBe(0);
	});

	it('goes on beside those who are busy, and leaves nothing in its old slot', async () => {
		const engine = await startEngine({}, { cutMs: 1000, rowMs: Number.POSITIVE_INFINITY });
		await run(engine, opening('one'));
		const { answer } = await run(engine, opening('two'));
		await engine.whenIdle();
		const { keepForNextTurn } = opening('two');
		const turn = { ...nextTurn('two', answer), keepForNextTurn };
		const moved: ReturnType<typeof run>[] = [];
		const endless = ask('Count.', { phases: [phase({ sampling: sampling({ logitBias: [[754, -100]] }) })] });
		await run(engine, { ...endless, cacheScope: 'busy' }, ({ type }, handle) => {
			if (type !== 'delta' || moved.length > 0) return;
			const going = run(engine, turn);
			moved.push(going);
			void going.then(() => handle().cancel());
		});
		const [beside] = await Promise.all(moved);
		if (beside === undefined) throw new TypeError('no delta');
		expect((beside.end?.promptTokens ?? 0) - (beside.end?.cachedTokens ?? 0)).toBeLessThan(12);
		const { copied, parked } = engine.health().prefixCache;
		expect({ copied, parked }).toEqual({ copied: 1, parked: 1 });
		// Into the old slot, in which there is nothing to save.
		await engine.whenIdle();
		await run(engine, opening('three'));
		expect(engine.health().prefixCache.parked).toBe(parked);
		const cold = await run(engine, { ...turn, requestId: 'cold', cacheScope: 'cold' });
		expect(beside.ids).toEqual(cold.ids);
		await engine.close();
	});

	it('goes for good where the budget is spent, and nothing else does', async () => {
		const sizes = await startEngine({});
		await talk(sizes);
		const { parked, parkedBytes } = sizes.health().prefixCache;
		await sizes.close();
		const budgetBytes = Math.floor((1.5 * parkedBytes) / parked);
		const engine = await startEngine({ budgetBytes });
		await talk(engine);
		const counts = engine.health().prefixCache;
		expect(counts.parkedBytes).toBeLessThanOrEqual(budgetBytes);
		expect(counts.parkedBytes).toBeGreaterThan(0);
		expect(counts.evicted).toBe(counts.parked - 1);
		await engine.close();
	});

	it('is evaluated again when it cannot be saved or brought back', async () => {
		const fails = () => Promise.reject(new RangeError('no room'));
		for (const broken of [{ save: fails }, { load: fails }]) {
			if (files === null) throw new TypeError('no memory file system');
			const engine = await startEngine({ files: { ...files, ...broken } });
			const answers = await talk(engine);
			const turn = nextTurn('one', answers[0] ?? '');
			const { end, ids } = await run(engine, turn);
			expect(end?.cachedTokens).toBeLessThan(12);
			expect(ids).toEqual((await run(engine, { ...turn, requestId: 'cold', cacheScope: 'cold' })).ids);
			expect(engine.health().prefixCache.restored).toBe(0);
			await engine.close();
		}
	});

	it('leaves no file behind that has a name', async () => {
		const engine = await startEngine({});
		await talk(engine);
		expect(engine.health().prefixCache.parkedBytes).toBeGreaterThan(0);
		expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`retort-${process.pid}-`))).toEqual([]);
		await engine.close();
	});

	it('stays where there is nowhere to put it', () => {
		expect(openSequenceFiles(native.context, '/nowhere')).toBeNull();
	});
});
