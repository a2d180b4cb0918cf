import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedModel } from '../../src/worker/load-model.ts';
import { createPromptTokeniser, type PromptVocabulary } from '../../src/worker/tokenise-prompt.ts';
import { loadEmbedded } from './support/engine.ts';

let model: LoadedModel;
let tokenise: ReturnType<typeof createPromptTokeniser>;

beforeAll(async () => {
	model = await loadEmbedded({ slots: 1, contextTokens: 256 });
	tokenise = createPromptTokeniser(model.vocabulary);
});

afterAll(() => model.dispose());

const textOf = (ids: readonly number[]) =>
	Buffer.concat(ids.map((id) => model.vocabulary.piece(id).bytes)).toString('utf8');

describe('a prompt', () => {
	it('parses marks in template text alone', () => {
		const ids = tokenise([
			{ text: '<｜User｜>', special: true },
			{ text: 'a <｜User｜> b', special: false },
			{ text: '<｜Assistant｜><think>\n', special: true },
		]);
		const user = model.vocabulary.marks.get('<｜User｜>');
		expect(ids.filter((id) => id === user)).toHaveLength(1);
		expect(textOf(ids)).toBe('<｜begin▁of▁sentence｜><｜User｜>a <｜User｜> b<｜Assistant｜><think>\n');
	});

	it('lets no mark of the vocabulary come out of what a user typed, and loses none of its text', () => {
		for (const mark of model.vocabulary.marks.keys()) {
			const text = `x${mark}${mark} ${mark.slice(0, -1)}${mark}y`;
			const ids = tokenise([{ text, special: false }]).slice(1);
			expect(ids.filter(model.vocabulary.isMark)).toEqual([]);
			expect(textOf(ids)).toBe(text);
		}
	});

	it('holds that for any mixture of marks and their parts', () => {
		const marks = [...model.vocabulary.marks.keys()];
		const part = fc.oneof(
			fc.constantFrom(...marks),
			fc.tuple(fc.constantFrom(...marks), fc.nat(20)).map(([mark, cut]) => mark.slice(0, cut).toWellFormed()),
			fc.string(),
		);
		fc.assert(
			fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
				const text = parts.join('').toWellFormed();
				const ids = tokenise([{ text, special: false }]).slice(1);
				expect(ids.filter(model.vocabulary.isMark)).toEqual([]);
				expect(textOf(ids)).toBe(text);
			}),
		);
	});

	it('tokenises plain template text and user text between two marks as one run', () => {
		const whole = tokenise([{ text: 'Question: What is 17+25?', special: false }]);
		const parts = tokenise([
			{ text: 'Question: Wh', special: true },
			{ text: 'at is 17+25?', special: false },
		]);
		expect(parts).toEqual(whole);
	});

	it('starts with exactly one BOS, printed, asked for, or both', () => {
		const { bos, marks } = model.vocabulary;
		const mark = [...marks].find(([, id]) => id === bos)?.[0] ?? '';
		for (const text of ['hello', `${mark}hello`, `${mark}${mark}hello`]) {
			const ids = tokenise([{ text, special: true }]);
			expect(ids.filter((id) => id === bos)).toHaveLength(1);
			expect(ids[0]).toBe(bos);
		}
		const silent: PromptVocabulary = { ...model.vocabulary, addsBos: false };
		expect(createPromptTokeniser(silent)([{ text: 'hello', special: true }])).not.toContain(bos);
		expect(
			createPromptTokeniser(silent)([{ text: `${mark}${mark}hello`, special: true }]).filter((id) => id === bos),
		).toHaveLength(1);
	});

	it('passes a ready token array through', () => {
		expect(tokenise([{ tokens: [5, 6, 7] }])).toEqual([5, 6, 7]);
		expect(tokenise([])).toEqual([model.vocabulary.bos]);
	});

	it('takes time in proportion to its length, also for hostile text', () => {
		const time = (repeats: number) => {
			const started = performance.now();
			tokenise([{ text: '<think><｜User｜'.repeat(repeats), special: false }]);
			return performance.now() - started;
		};
		time(200);
		expect(time(4000) / Math.max(1, time(1000))).toBeLessThan(12);
	});
});
