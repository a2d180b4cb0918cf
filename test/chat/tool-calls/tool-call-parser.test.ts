import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerPiece } from '../../../src/chat/answer-parser.ts';
import { createToolCallParser, type ToolCallParserOptions } from '../../../src/chat/tool-calls/tool-call-parser.ts';
import { HERMES, R1 } from '../../../src/chat/tool-calls/tool-format.ts';

type Chunk = { text: string; special: boolean };
type Kind = 'r1' | 'hermes';

const NAMES = new Set(['get_weather', 'add']);

function parse(
	chunks: readonly Chunk[],
	options: Partial<ToolCallParserOptions> & { kind?: Kind; opensWithToken?: boolean } = {},
) {
	let ids = 0;
	const parser = createToolCallParser({
		format: { kind: options.kind ?? 'r1', opensWithToken: options.opensWithToken ?? false },
		names: NAMES,
		newId: () => `call_${ids++}`,
		isBound: options.isBound ?? false,
	});
	return merge([...chunks.flatMap(({ text, special }) => parser.push(text, special)), ...parser.end()]);
}

/** What a client puts together of the pieces. */
function merge(pieces: readonly AnswerPiece[]) {
	const calls: { id: string; name: string; arguments: string }[] = [];
	let content = '';
	for (const piece of pieces) {
		if (piece.type === 'content') content += piece.text;
		else if (piece.type === 'tool-call-start') {
			expect(piece.index).toBe(calls.length);
			calls.push({ id: piece.id, name: piece.name, arguments: '' });
		} else {
			const call = calls[piece.index];
			expect(call).toBeDefined();
			if (call !== undefined) call.arguments += piece.arguments;
		}
	}
	return { content, calls };
}

const text = (whole: string): Chunk[] => [{ text: whole, special: false }];
const r1Call = (name: string, json: string) =>
	`${R1.callBegin}function${R1.separator}${name}\n\`\`\`json\n${json}\n\`\`\`${R1.callEnd}`;
const r1 = (...calls: string[]) => `${R1.callsBegin}${calls.join('\n')}${R1.callsEnd}`;
const hermes = (name: string, json: string) =>
	`${HERMES.begin}\n{"name": "${name}", "arguments": ${json}}\n${HERMES.end}`;

const samples: Record<Kind, Record<string, string>> = {
	r1: {
		one: r1(r1Call('add', '{"a": 1}')),
		two: r1(r1Call('add', '{"a": 1}'), r1Call('get_weather', '{"city": "Köln", "nested": {"x": [1, {}]}}')),
		'text before': `I will look.\n\n${r1(r1Call('add', '{}'))}`,
		'text after': `${r1(r1Call('add', '{}'))} Done.`,
		'marks inside of a string': r1(r1Call('add', JSON.stringify({ a: `${R1.callEnd}${R1.callsEnd}"}\\` }))),
		'an unknown name': r1(r1Call('rm_rf', '{"a": 1}')),
		'no call after all': `${R1.callsBegin}never mind, ${R1.callBegin} is a mark`,
		'no JSON': r1(r1Call('add', 'a = 1')),
		'cut in the head': `Well. ${R1.callsBegin}${R1.callBegin}func`,
		'cut in the arguments': `${R1.callsBegin}${R1.callBegin}function${R1.separator}add\n\`\`\`json\n{"a": "x`,
		'cut behind the arguments': `${R1.callsBegin}${R1.callBegin}function${R1.separator}add\n\`\`\`json\n{"a": 1}\n\`\``,
		'broken brackets': r1(r1Call('add', '{"a": ]}')),
		'almost marks': 'a <｜tool▁calls▁beg <｜tool <｜<｜ b',
		'white space': '  a \n\n b  \n',
	},
	hermes: {
		one: hermes('add', '{"a": 1}'),
		two: `${hermes('add', '{"a": 1}')}\n${hermes('get_weather', '{"b": "}"}')}`,
		'text around': `So:\n${hermes('add', '{}')}\nThat was it. <tool_call`,
		'marks inside of a string': hermes('add', JSON.stringify({ a: `${HERMES.end}"\n${HERMES.begin}` })),
		'an unknown name': hermes('rm_rf', '{}'),
		'keys in another order': `${HERMES.begin}\n{"arguments": {}, "name": "add"}\n${HERMES.end}`,
		'two openings': `${HERMES.begin}${hermes('add', '{}')}`,
		'cut in the head': `x ${HERMES.begin}\n{"na`,
		'cut in the arguments': `${HERMES.begin}\n{"name": "add", "arguments": {"a": [1,`,
	},
};

describe('calls are told from text', () => {
	test('R1: two calls, their arguments as they were written', () => {
		expect(parse(text(samples.r1.two ?? ''))).toEqual({
			content: '',
			calls: [
				{ id: 'call_0', name: 'add', arguments: '{"a": 1}' },
				{ id: 'call_1', name: 'get_weather', arguments: '{"city": "Köln", "nested": {"x": [1, {}]}}' },
			],
		});
	});

	test('Hermes: two calls, text around them', () => {
		expect(parse(text(samples.hermes.two ?? ''), { kind: 'hermes' }).calls.map(({ name }) => name)).toEqual([
			'add',
			'get_weather',
		]);
		expect(parse(text(samples.hermes['text around'] ?? ''), { kind: 'hermes' })).toEqual({
			content: 'So:\nThat was it. <tool_call',
			calls: [{ id: 'call_0', name: 'add', arguments: '{}' }],
		});
	});

	test('marks inside of a JSON string end nothing', () => {
		const inside = parse(text(samples.r1['marks inside of a string'] ?? ''));
		expect(JSON.parse(inside.calls[0]?.arguments ?? '')).toEqual({ a: `${R1.callEnd}${R1.callsEnd}"}\\` });
		expect(inside.content).toBe('');
	});

	test('a call begins as soon as its arguments do', () => {
		const parser = createToolCallParser({
			format: { kind: 'hermes', opensWithToken: false },
			names: NAMES,
			newId: () => 'id',
			isBound: false,
		});
		expect(parser.push('<tool_call>\n{"name": "add", "arguments": ', false)).toEqual([]);
		expect(parser.push('{"a"', false)).toEqual([
			{ type: 'tool-call-start', index: 0, id: 'id', name: 'add' },
			{ type: 'tool-call-delta', index: 0, arguments: '{"a"' },
		]);
	});

	test('what only looks like a call is text, word for word', () => {
		for (const [kind, name] of [
			['r1', 'an unknown name'],
			['r1', 'no call after all'],
			['r1', 'no JSON'],
			['r1', 'cut in the head'],
			['hermes', 'keys in another order'],
			['hermes', 'cut in the head'],
		] as const) {
			const sample = samples[kind][name] ?? '';
			const parsed = parse(text(sample), { kind });
			expect.soft(parsed.calls, name).toEqual([]);
			expect.soft(parsed.content, name).toBe(sample);
		}
	});

	test('a call that is cut short comes out as far as it got', () => {
		expect(parse(text(samples.r1['cut in the arguments'] ?? ''))).toEqual({
			content: '',
			calls: [{ id: 'call_0', name: 'add', arguments: '{"a": "x' }],
		});
		expect(parse(text(samples.r1['cut behind the arguments'] ?? ''))).toEqual({
			content: '',
			calls: [{ id: 'call_0', name: 'add', arguments: '{"a": 1}' }],
		});
	});

	test('text that spells the mark opens nothing where the mark is a token', () => {
		const sample = samples.r1.one ?? '';
		expect(parse(text(sample), { opensWithToken: true })).toEqual({ content: sample, calls: [] });
		const chunks = [{ text: R1.callsBegin, special: true }, ...text(sample.slice(R1.callsBegin.length))];
		expect(parse(chunks, { opensWithToken: true }).calls).toHaveLength(1);
		expect(parse(text(sample), { opensWithToken: true, isBound: true }).calls).toHaveLength(1);
	});

	test('a control token in the text is none of it', () => {
		expect(parse([...text('a'), { text: '<|image|>', special: true }, ...text('b')])).toEqual({
			content: 'ab',
			calls: [],
		});
	});
});

describe('however the answer is cut', () => {
	const all = Object.entries(samples).flatMap(([kind, byName]) =>
		Object.entries(byName).map(([name, sample]) => [kind as Kind, name, sample] as const),
	); // the record's own keys

	test.each(all)('%s, %s: the calls and the text are the same', (kind, _, sample) => {
		const whole = parse(text(sample), { kind });
		expect(
			parse(
				sample.split('').map((character) => ({ text: character, special: false })),
				{ kind },
			),
		).toEqual(whole);
		fc.assert(
			fc.property(fc.array(fc.nat(sample.length), { maxLength: 12 }), (cuts) => {
				const at = [0, ...cuts.sort((a, b) => a - b), sample.length];
				const chunks = at.slice(1).map((end, index) => ({ text: sample.slice(at[index], end), special: false }));
				expect(parse(chunks, { kind })).toEqual(whole);
			}),
			{ numRuns: 100 },
		);
	});

	test('texts put together of marks and scraps', () => {
		const scraps = [
			...Object.values(R1),
			...Object.values(HERMES),
			'add',
			'\n',
			'```json\n',
			'\n```',
			'{"a": 1}',
			'{"name": "add", "arguments": ',
			'}',
			'x',
			' ',
		];
		fc.assert(
			fc.property(
				fc.constantFrom('r1' as const, 'hermes' as const),
				fc.array(fc.constantFrom(...scraps), { maxLength: 25 }),
				fc.nat(40),
				(kind, words, cut) => {
					const sample = words.join('');
					const halves = [...text(sample.slice(0, cut)), ...text(sample.slice(cut))];
					expect(parse(halves, { kind })).toEqual(parse(text(sample), { kind }));
				},
			),
			{ numRuns: 2000 },
		);
	});
});

test('a long run of near-misses comes to an end: quadratic work would take minutes', () => {
	const attacks = [
		'<',
		'<tool_call>',
		'<tool_call>\n{',
		' ',
		'\n',
		'<tool_call>\n{"name": "add", "arguments": {"a": "',
		'{"a": [',
		`${hermes('add', '{}')} `,
	];
	for (const attack of attacks) {
		const big = attack.repeat(Math.ceil(200_000 / attack.length));
		const halves = [...text(big.slice(0, 100_000)), ...text(big.slice(100_000))];
		expect(() => parse(halves, { kind: 'hermes' })).not.toThrow();
	}
});
