import { describe, expect, test } from 'vitest';
import { responseExpression } from '../../../src/chat/json-schema/compile-json-schema.ts';
import { type ToolGrammarOptions, toolCallGrammar } from '../../../src/chat/tool-calls/tool-call-grammar.ts';
import { createToolCallParser } from '../../../src/chat/tool-calls/tool-call-parser.ts';
import { HERMES, R1 } from '../../../src/chat/tool-calls/tool-format.ts';
import { toolsSchema } from '../../../src/protocol/chat-tools.ts';
import { matchesGbnf, parseGbnf } from '../../support/gbnf.ts';
import { createSampler, seededRandom } from '../../support/sample-gbnf.ts';

const tools = toolsSchema.parse([
	{
		type: 'function',
		function: {
			name: 'get_weather',
			parameters: {
				type: 'object',
				properties: { city: { type: 'string', maxLength: 9 } },
				required: ['city'],
				additionalProperties: false,
			},
		},
	},
	{ type: 'function', function: { name: 'now' } },
	{
		type: 'function',
		function: {
			name: 'add',
			parameters: {
				properties: { a: { $ref: '#/$defs/n' }, b: { $ref: '#/$defs/n' } },
				required: ['a', 'b'],
				$defs: { n: { type: 'integer', maximum: 9 } },
			},
		},
	},
]);

function grammarOf(options: Partial<ToolGrammarOptions> & { kind?: 'r1' | 'hermes'; opensWithToken?: boolean } = {}) {
	const { kind = 'hermes', opensWithToken = true, ...rest } = options;
	const made = toolCallGrammar({
		format: { kind, opensWithToken },
		tools,
		toolChoice: 'required',
		isParallel: true,
		...rest,
	});
	if (made === null) throw new Error('no grammar');
	return { ...made, takes: (text: string) => matchesGbnf(parseGbnf(made.gbnf), text) };
}

const hermes = (name: string, json: string) =>
	`${HERMES.begin}\n{"name": "${name}", "arguments": ${json}}\n${HERMES.end}`;
const r1 = (name: string, json: string) =>
	`${R1.callBegin}function${R1.separator}${name}\n\`\`\`json\n${json}\n\`\`\`${R1.callEnd}`;

describe('required', () => {
	test('binds from the first answer token to calls with valid arguments', () => {
		const { takes, triggerToken } = grammarOf();
		expect(triggerToken).toBeNull();
		for (const text of [
			hermes('get_weather', '{"city": "Bonn"}'),
			hermes('now', '{}'),
			`${hermes('now', '{}')}\n${hermes('add', '{"a":1,"b":-2}')}`,
		])
			expect.soft(takes(text), text).toBe(true);
		for (const text of [
			'',
			'Hello',
			hermes('get_weather', '{}'),
			hermes('add', '{"a":10,"b":1}'),
			hermes('other', '{}'),
			` ${hermes('now', '{}')}`,
			`${hermes('now', '{}')} and`,
		])
			expect.soft(takes(text), text).toBe(false);
	});

	test("R1's own marks", () => {
		const { takes } = grammarOf({ kind: 'r1' });
		expect(takes(`${R1.callsBegin}${r1('now', '{}')}\n${r1('add', '{"a": 1, "b": 2}')}${R1.callsEnd}`)).toBe(true);
		expect(takes(`${R1.callsBegin}${r1('now', '{}')}`)).toBe(false);
	});

	test('one call and no more without parallel calls', () => {
		const { takes } = grammarOf({ isParallel: false });
		expect(takes(hermes('now', '{}'))).toBe(true);
		expect(takes(`${hermes('now', '{}')}\n${hermes('now', '{}')}`)).toBe(false);
	});

	test('a named function and no other', () => {
		const { takes } = grammarOf({ toolChoice: { type: 'function', function: { name: 'now' } } });
		expect(takes(hermes('now', '{}'))).toBe(true);
		expect(takes(hermes('add', '{"a":1,"b":1}'))).toBe(false);
	});

	test('every text of the grammar is read as calls whose arguments are JSON objects', () => {
		for (const kind of ['r1', 'hermes'] as const) {
			const sample = createSampler(parseGbnf(grammarOf({ kind }).gbnf));
			const random = seededRandom(5);
			for (let count = 0; count < 200; count++) {
				const parser = createToolCallParser({
					format: { kind, opensWithToken: true },
					names: new Set(tools.map((tool) => tool.function.name)),
					newId: () => 'id',
					isBound: true,
				});
				const text = sample(random);
				const pieces = [...parser.push(text, false), ...parser.end()];
				expect(
					pieces.some(({ type }) => type === 'content'),
					text,
				).toBe(false);
				const written = new Map<number, string>();
				for (const piece of pieces)
					if (piece.type === 'tool-call-delta')
						written.set(piece.index, (written.get(piece.index) ?? '') + piece.arguments);
				expect(written.size, text).toBeGreaterThan(0);
				for (const json of written.values()) expect(JSON.parse(json), text).toBeTypeOf('object');
			}
		}
	});
});

describe('auto', () => {
	test('sleeps until the opening token, and holds what comes after it', () => {
		const { takes, triggerToken } = grammarOf({ toolChoice: 'auto' });
		expect(triggerToken).toBe(HERMES.begin);
		expect(takes(hermes('now', '{}').slice(HERMES.begin.length))).toBe(true);
		expect(takes('anything')).toBe(false);
	});

	test('reads along from the start where the mark is no token', () => {
		const { takes, triggerToken } = grammarOf({ toolChoice: 'auto', opensWithToken: false, kind: 'r1' });
		expect(triggerToken).toBeNull();
		const call = `${R1.callsBegin}${r1('now', '{}')}${R1.callsEnd}`;
		for (const text of ['', 'Plain text.', '<｜tool▁calls▁ <<｜', call, `Let me see. ${call}`])
			expect.soft(takes(text), text).toBe(true);
		for (const text of [`${R1.callsBegin}`, `a ${R1.callsBegin} b`, `${call} more`, `<${R1.callsBegin}x`])
			expect.soft(takes(text), text).toBe(false);
	});

	test('beside a response format the answer is either', () => {
		const { takes, triggerToken } = grammarOf({ toolChoice: 'auto', content: responseExpression({ type: 'integer' }) });
		expect(triggerToken).toBeNull();
		expect(takes('12')).toBe(true);
		expect(takes(hermes('now', '{}'))).toBe(true);
		expect(takes('text')).toBe(false);
	});
});

test('none, and no tools, bind nothing', () => {
	expect(
		toolCallGrammar({ format: { kind: 'r1', opensWithToken: true }, tools, toolChoice: 'none', isParallel: true }),
	).toBeNull();
	expect(
		toolCallGrammar({ format: { kind: 'r1', opensWithToken: true }, tools: [], toolChoice: 'auto', isParallel: true }),
	).toBeNull();
});

test('parameters beyond a grammar are refused with their path, unless the function says strict: false', () => {
	const parameters = { type: 'object', properties: { a: { not: { type: 'null' } } } };
	const strictness = (strict?: boolean) =>
		toolsSchema.parse([{ type: 'function', function: { name: 'f', parameters, strict } }]);
	expect(() => grammarOf({ tools: strictness() })).toThrow(
		expect.objectContaining({ param: 'tools[0].function.parameters.properties.a.not' }),
	);
	const { takes } = grammarOf({ tools: strictness(false) });
	expect(takes(hermes('f', '{"any": ["thing"]}'))).toBe(true);
	expect(takes(hermes('f', '[]'))).toBe(false);
});
