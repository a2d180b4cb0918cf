import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Ballot, elect, finalAnswer } from '../../src/chat/consensus.ts';

const ballot = (content: string, changes: Partial<Ballot> = {}): Ballot => ({
	content,
	calls: [],
	isCut: false,
	...changes,
});
const answerOf = (content: string) => finalAnswer(ballot(content));

describe('the final answer', () => {
	test.each([
		['So \\boxed{12} and \\boxed{\\frac{1}{2}} .', '\\frac{1}{2}'],
		['\\boxed{42}\nI am sure.', '42'],
		['It is \\boxed{7}, not \\boxed{8', '7'],
		['\\boxed{a \\} b}', 'a \\} b'],
	])('of %j is what stands in its last whole box', (content, answer) => {
		expect(answerOf(content)).toBe(answer);
	});

	test('of JSON is its value, whatever spaces, fences and order of keys', () => {
		const forms = ['{"a": 1, "b": [true]}', '{"b":[true],"a":1}\n', '```json\n{"a":1,"b":[true]}\n```'];
		expect(new Set(forms.map(answerOf))).toEqual(new Set(['{"a":1,"b":[true]}']));
		expect(answerOf('{"a": 2, "b": [true]}')).toBe('{"a":2,"b":[true]}');
	});

	test('is the last line otherwise, without emphasis, case and full stop', () => {
		expect(answerOf('Let me see.\n\n**17 + 25 =  42**.\n\n')).toBe('17 + 25 = 42');
		expect(answerOf('It is 1,234,567!')).toBe('it is 1234567');
		expect(answerOf('Paris')).toBe(answerOf('paris.'));
	});

	test('is the calls where there are calls', () => {
		const calls = [{ name: 'f', arguments: '{"b": 1, "a": 2}' }];
		expect(finalAnswer(ballot('x', { calls }))).toBe('f({"a":2,"b":1})');
		expect(finalAnswer(ballot('', { calls: [{ name: 'f', arguments: '{' }] }))).toBe('f({)');
	});

	test.each(['', ' \n ', '**'])('of %j is none', (content) => {
		expect(answerOf(content)).toBe(null);
	});
});

describe('the vote', () => {
	test('goes to the majority, whose first member speaks', () => {
		const { winner, votes } = elect(['6', '7', '8', '7.', ''].map((content) => ballot(content)));
		expect(winner).toBe(1);
		expect(votes).toEqual([
			{ answer: '7', count: 2 },
			{ answer: '6', count: 1 },
			{ answer: '8', count: 1 },
		]);
	});

	test('goes to who came first among equals', () => {
		expect(elect([ballot('b'), ballot('a')]).winner).toBe(0);
	});

	test('leaves out what was cut, unless all were', () => {
		const cut = ballot('9', { isCut: true });
		expect(elect([cut, cut, ballot('7')])).toEqual({ winner: 2, votes: [{ answer: '7', count: 1 }] });
		expect(elect([ballot('8', { isCut: true }), cut, cut])).toMatchObject({ winner: 1 });
	});

	test('of nothing but emptiness is the first one', () => {
		expect(elect([ballot(''), ballot('')])).toEqual({ winner: 0, votes: [] });
	});

	test('tells long answers in short', () => {
		expect(elect([ballot('x'.repeat(500))]).votes[0]?.answer).toHaveLength(200);
	});

	test('counts every whole answer once, and never elects a minority', () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom('1', '2', '3', ''), { minLength: 1, maxLength: 16 }), (contents) => {
				const { winner, votes } = elect(contents.map((content) => ballot(content)));
				expect(votes.reduce((sum, { count }) => sum + count, 0)).toBe(contents.filter((text) => text !== '').length);
				const most = Math.max(0, ...votes.map(({ count }) => count));
				if (most > 0) expect(contents.filter((text) => text === contents[winner])).toHaveLength(most);
			}),
		);
	});
});
