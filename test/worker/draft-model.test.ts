import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../src/protocol/worker-api.ts';
import { createDraftModel, type DraftModel } from '../../src/worker/draft-model.ts';
import { Engine } from '../../src/worker/engine.ts';
import type { LoneStep } from '../../src/worker/guess-gain.ts';
import { createSpeculation } from '../../src/worker/speculation.ts';
import { writeEmbeddingModel } from '../support/embedding-model.ts';
import { type BoundModel, bindEmbedded } from './support/bound-model.ts';
import { ask, type Collected, embeddedModel, loadEmbedded, phase, reasoning, run, sampling } from './support/engine.ts';

let folder: string;
let bound: BoundModel;
let same: BoundModel;
let worse: BoundModel;

/** The embedded model with a part of its last weights gone: it is right now and then. */
function damage(path: string): void {
	const bytes = readFileSync(embeddedModel);
	bytes.fill(0, bytes.length - 400_000, bytes.length - 20_000);
	writeFileSync(path, bytes);
}

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'retort-draft-'));
	const path = join(folder, 'worse.gguf');
	damage(path);
	bound = await bindEmbedded(2);
	same = await bindEmbedded(1);
	worse = await bindEmbedded(1, path);
});

afterAll(async () => {
	for (const model of [bound, same, worse]) await model.dispose();
	rmSync(folder, { recursive: true });
});

const open = ({ native }: BoundModel) => createDraftModel(native, { batchTokens: 128, vocabularySize: 768 });
const never = { pays: () => false, observe: () => undefined };

/** One after another, with all guesses of the draft model verified. */
async function runAll(requests: readonly GenerateRequest[], model: DraftModel | null) {
	const steps: LoneStep[] = [];
	const failures: unknown[] = [];
	const gain = { pays: () => true, observe: (step: LoneStep) => void steps.push(step) };
	for (const sequence of [0, 1]) bound.native.context.disposeSequence(sequence);
	const engine = new Engine({
		native: bound.native,
		vocabulary: bound.vocabulary,
		slots: 2,
		contextTokens: 1024,
		batchTokens: 128,
		prefillSliceTokens: 64,
		speculation:
			model &&
			createSpeculation({ repeats: never, draft: { model, gain, onFailure: (error) => failures.push(error) } }),
		onFailure: () => undefined,
	});
	const results: Collected[] = [];
	for (const request of requests) results.push(await run(engine, request));
	await engine.close();
	const guessed = steps.filter((step) => step.guessed);
	const spared = guessed.reduce((sum, { tokens }) => sum + tokens - 1, 0);
	return { ids: results.map(({ ids }) => ids), guessed: guessed.length, spared, failures };
}

const hot = sampling({ temperature: 1, seed: 5, topK: 40 });
const requests = () => [
	ask('What is 17+25?'),
	ask('How many letters are in strawberry?', { phases: [reasoning({ sampling: hot }), phase({ sampling: hot })] }),
	ask('Which is larger, 9.11 or 9.9?', { phases: [reasoning({ maxTokens: 20, closing: '.\n' }), phase()] }),
	ask('Name a fruit.', { phases: [phase({ grammar: { gbnf: 'root ::= "ap" "ple"', triggerToken: null } })] }),
	ask(`Sort these numbers: ${Array.from({ length: 60 }, (_, at) => 97 - at).join(', ')}.`, { maxTokens: 60 }),
	ask('What is 17+25?', { phases: [reasoning({ sampling: sampling({ repetitionPenalty: 1.3 }) }), phase()] }),
];

describe('a draft model', () => {
	it('leaves every text as it is, whether it is right or wrong', async () => {
		const plain = await runAll(requests(), null);
		const right = await runAll(requests(), open(same));
		const wrong = await runAll(requests(), open(worse));
		expect(right.ids).toEqual(plain.ids);
		expect(wrong.ids).toEqual(plain.ids);
		expect(right.spared).toBeGreaterThan(2 * right.guessed);
		expect(wrong.spared).toBeLessThan(right.spared);
	});

	it('is read in pieces, and goes back with the text', async () => {
		const model = open(same);
		const text = Array.from({ length: 300 }, (_, at) => 10 + ((at * 7) % 90));
		let reads = 1;
		while (!(await model.follow(text))) reads += 1;
		expect(reads).toBeGreaterThan(1);
		const other = [...text.slice(0, 200), 5];
		expect(await model.follow(other)).toBe(true);
		expect(await model.follow(other)).toBe(true);
		const guess = await model.guess(4);
		// What it knew before changes nothing.
		const afresh = open(same);
		while (!(await afresh.follow(other)));
		expect(await afresh.guess(4)).toEqual(guess);
	});

	it('that fails is done without', async () => {
		const broken = await bindEmbedded(1);
		const model = open(broken);
		await broken.dispose();
		const plain = await runAll(requests(), null);
		const alone = await runAll(requests(), model);
		expect(alone.ids).toEqual(plain.ids);
		expect(alone.failures).toHaveLength(1);
	});

	it('is loaded beside its model', async () => {
		const loaded = await loadEmbedded({ draftPath: embeddedModel });
		const text = (await run(loaded.engine, ask('What is 17+25?'))).answer;
		await loaded.engine.close();
		await loaded.dispose();
		expect(text).toContain('42');
	});

	it('has to have the vocabulary of its model', async () => {
		const path = join(folder, 'other.gguf');
		writeEmbeddingModel(path);
		await expect(loadEmbedded({ draftPath: path })).rejects.toThrow(
			/other\.gguf cannot draft for this model: token 0 is "\[PAD\]" in it and .* has the same vocabulary/,
		);
		await expect(loadEmbedded({ draftPath: join(folder, 'absent.gguf') })).rejects.toThrow(/absent\.gguf/);
	});
});
