import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerateRequest, PromptPart } from '../../src/protocol/worker-api.ts';
import type { LoadedGenerator } from '../../src/worker/load-model.ts';
import { ask, loadEmbedded, phase, run, sampling } from './support/engine.ts';

let model: LoadedGenerator;

beforeAll(async () => {
	model = await loadEmbedded();
});

afterAll(async () => {
	await model.engine.close();
	await model.dispose();
});

const mark = (text: string): PromptPart => ({ text, special: true });
const user = (text: string): PromptPart => ({ text, special: false });

function firstTurn(cacheScope: string): { head: PromptPart[]; tail: PromptPart[]; request: GenerateRequest } {
	const head = [mark('<｜begin▁of▁sentence｜><｜User｜>'), user('What is 17+25?'), mark('<｜Assistant｜>')];
	const tail = [mark('<｜end▁of▁sentence｜>')];
	const request = ask('', { prompt: [...head, mark('<think>\n')], keepForNextTurn: { head, tail }, cacheScope });
	return { head, tail, request };
}

function secondTurn(cacheScope: string, answer: string): GenerateRequest {
	const { head, tail } = firstTurn(cacheScope);
	const prompt = [
		...head,
		user(answer),
		...tail,
		mark('<｜User｜>'),
		user('And 3+4?'),
		mark('<｜Assistant｜><think>\n'),
	];
	return ask('', { prompt, cacheScope });
}

describe('the next turn of a conversation', () => {
	it('costs only its own tokens once the slot fell idle, and says what a cold one says', async () => {
		const first = await run(model.engine, firstTurn('warm').request);
		await model.engine.whenIdle();
		const warm = await run(model.engine, secondTurn('warm', first.answer));
		const own =
			model.engine.tokenisePrompt([user('And 3+4?')]).length - 1 + ['User', 'Assistant', 'think', '\n'].length;
		expect((warm.end?.promptTokens ?? 0) - (warm.end?.cachedTokens ?? 0)).toBe(own);
		const cold = await run(model.engine, secondTurn('cold', first.answer));
		expect(cold.end?.cachedTokens).toBe(0);
		expect(warm.ids).toEqual(cold.ids);
	});

	it('is never prepared at the cost of a request: another takes the slots at once', async () => {
		await run(model.engine, firstTurn('one').request);
		const both = await Promise.all([run(model.engine, ask('What is 1+1?')), run(model.engine, ask('What is 2+2?'))]);
		for (const { end } of both) expect(end?.finishReason).toBe('stop');
		await model.engine.whenIdle();
		expect(model.engine.health().busySlots).toBe(0);
	});

	/** What a second turn finds of the first one, which ended while another stream decoded on. */
	async function foundBesideAStream(cacheScope: string): Promise<number> {
		const endless = phase({ sampling: sampling({ logitBias: [[model.vocabulary.eos ?? 0, -100]] }) });
		let second: Promise<number> | null = null;
		let steps = 0;
		let hasEnded = false;
		const first = firstTurn(cacheScope);
		const ending = run(model.engine, first.request).then((ended) => {
			hasEnded = true;
			return ended;
		});
		await run(model.engine, ask('', { phases: [endless], maxTokens: 900 }), (event, handle) => {
			if (event.type !== 'delta' || !hasEnded || ++steps < 4 || second !== null) return;
			second = ending
				.then(({ answer }) => run(model.engine, secondTurn(cacheScope, answer)))
				.then(({ end }) => {
					handle().cancel();
					return end?.cachedTokens ?? 0;
				});
		}).catch(() => undefined);
		return (await second) ?? Number.NaN;
	}

	it('is prepared beside streams that decode as long as users come back', async () => {
		const kept = model.engine.tokenisePrompt(firstTurn('x').head).length;
		const { head, tail } = firstTurn('x');
		for (let round = 0; round < 12; round++)
			await run(model.engine, { ...firstTurn(`once ${round}`).request, isNextTurn: false });
		expect(await foundBesideAStream('few')).toBe(kept);
		for (let round = 0; round < 8; round++) {
			const { answer } = await run(model.engine, { ...firstTurn('many').request, isNextTurn: false });
			await run(model.engine, { ...secondTurn('many', answer), keepForNextTurn: { head, tail }, isNextTurn: true });
		}
		expect(await foundBesideAStream('again')).toBeGreaterThan(kept);
	});

	it('is not prepared when the client left, nor beyond the context', async () => {
		const { request } = firstTurn('gone');
		await run(model.engine, request, (event, handle) => {
			if (event.type === 'delta') handle().cancel();
		});
		const { progress } = model.engine.health();
		await model.engine.whenIdle();
		expect(model.engine.health().progress).toBe(progress);
		const tail = [user('word '.repeat(2000))];
		const long = await run(model.engine, { ...request, requestId: 'long', keepForNextTurn: { head: [], tail } });
		expect(long.end?.finishReason).toBe('stop');
		await model.engine.whenIdle();
	});
});
