import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../src/protocol/worker-api.ts';
import type { Native } from '../../src/worker/binding.ts';
import { Engine } from '../../src/worker/engine.ts';
import type { GuessGain, LoneStep } from '../../src/worker/guess-gain.ts';
import { createSpeculation } from '../../src/worker/speculation.ts';
import { type BoundModel, bindEmbedded, stepByStep } from './support/bound-model.ts';
import { ask, type Collected, phase, reasoning, run, sampling } from './support/engine.ts';

let bound: BoundModel;
const SLOTS = 4;

beforeAll(async () => {
	bound = await bindEmbedded(SLOTS);
});

afterAll(() => bound.dispose());

/** Guesses in every step, and counts what they gave. */
function always(): GuessGain & { guessedSteps: number; spared: number } {
	const gain = {
		guessedSteps: 0,
		spared: 0,
		pays: () => true,
		observe: ({ guessed, tokens }: LoneStep) => {
			if (!guessed) return;
			gain.guessedSteps++;
			gain.spared += tokens - 1;
		},
	};
	return gain;
}

async function runAll(
	requests: readonly GenerateRequest[],
	options: { step: Native['step']; guessGain: GuessGain | null; atOnce: number },
): Promise<Collected[]> {
	const { native, vocabulary } = bound;
	for (let sequence = 0; sequence < SLOTS; sequence += 1) native.context.disposeSequence(sequence);
	const engine = new Engine({
		native: { ...native, step: options.step },
		vocabulary,
		slots: SLOTS,
		contextTokens: 1024,
		batchTokens: 128,
		prefillSliceTokens: 64,
		speculation: options.guessGain === null ? null : createSpeculation({ repeats: options.guessGain, draft: null }),
		onFailure: () => undefined,
	});
	const results: Collected[] = [];
	const queue = [...requests.entries()];
	const lane = async () => {
		for (let next = queue.shift(); next !== undefined; next = queue.shift())
			results[next[0]] = await run(engine, next[1]);
	};
	await Promise.all(Array.from({ length: options.atOnce }, lane));
	await engine.close();
	return results;
}

/** With and without a step of one call: the contract, and ours where the binary has it. */
const steps = (): Native['step'][] => [
	null,
	stepByStep(bound),
	...(bound.native.step === null ? [] : [bound.native.step]),
];

const FRUITS = ['apple', 'plum', 'banana', 'cherry', 'lemon'];
const questions = Array.from({ length: 100 }, (_, index) => {
	const fruit = FRUITS[index % FRUITS.length] ?? '';
	if (index % 2 === 0) return `What is ${index + 3}+${(index * 7) % 50}?`;
	return `How many letters are in ${fruit}? Say ${fruit}, ${fruit}, ${fruit}.`;
});

describe('guesses that the batch verifies', () => {
	it('leave the output of 100 prompts at temperature 0 as it is', async () => {
		const requests = questions.map((question) => ask(question, { maxTokens: 120 }));
		const plain = await runAll(requests, { step: null, guessGain: null, atOnce: 1 });
		for (const step of [null, ...steps().slice(-1)]) {
			const guessGain = always();
			const guessed = await runAll(requests, { step, guessGain, atOnce: 1 });
			expect(guessed.map(({ ids }) => ids)).toEqual(plain.map(({ ids }) => ids));
			expect(guessed.map(({ answer }) => answer)).toEqual(plain.map(({ answer }) => answer));
			expect(guessGain.spared).toBeGreaterThan(100);
		}
	});

	it('are exact for every way of sampling, alone and among others', async () => {
		const hot = sampling({ temperature: 1, seed: 5, topK: 40 });
		const requests = [
			ask('Say apple apple apple apple.', { phases: [reasoning({ sampling: hot }), phase({ sampling: hot })] }),
			ask('What is 17+25?', { phases: [reasoning({ sampling: sampling({ repetitionPenalty: 1.2 }) }), phase()] }),
			ask('Name a fruit.', {
				phases: [phase({ grammar: { gbnf: 'root ::= ("plum ")+ "plum" "."', triggerToken: null } })],
				maxTokens: 60,
			}),
			ask('What is 3 times 4?', { phases: [reasoning({ maxTokens: 30, closesOnLoop: true }), phase()], logprobs: 2 }),
			ask('What is 3 times 4?', { phases: [reasoning({ sampling: hot, emptyRetries: 2 }), phase()], maxTokens: 50 }),
		];
		for (const atOnce of [1, SLOTS]) {
			const plain = await runAll(requests, { step: null, guessGain: null, atOnce });
			for (const step of steps()) {
				const guessGain = always();
				const guessed = await runAll(requests, { step, guessGain, atOnce });
				expect(guessed.map(({ ids }) => ids)).toEqual(plain.map(({ ids }) => ids));
				expect(guessed.map(({ end }) => end?.finishReason)).toEqual(plain.map(({ end }) => end?.finishReason));
				if (atOnce === 1) expect(guessGain.guessedSteps).toBeGreaterThan(0);
			}
		}
	});

	it('leave nothing of a wrong one in the cache: the next turn goes the same way', async () => {
		const first = ask('What is 17+25?', { maxTokens: 120 });
		const [plain] = await runAll([first], { step: null, guessGain: null, atOnce: 1 });
		const again = { ...first, requestId: 'again', resume: plain?.ids.slice(0, -2) ?? [] };
		for (const step of steps()) {
			const [, resumed] = await runAll([first, again], { step, guessGain: always(), atOnce: 1 });
			expect(resumed?.ids).toEqual(plain?.ids.slice(-2));
		}
	});
});
