import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compileJsonSchema, jsonObjectGrammar } from '../../../src/chat/json-schema/compile-json-schema.ts';
import { toolCallGrammar } from '../../../src/chat/tool-calls/tool-call-grammar.ts';
import { toolsSchema } from '../../../src/protocol/chat-tools.ts';
import { matchesGbnf, parseGbnf } from '../../support/gbnf.ts';
import { createSampler, seededRandom } from '../../support/sample-gbnf.ts';
import { KEYWORD_CASES } from './keyword-cases.ts';
import { PYDANTIC_SCHEMAS, ZOD_TYPES } from './program-schemas.ts';

let llama: Llama;

beforeAll(async () => {
	llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.disabled });
});

afterAll(async () => {
	await llama.dispose();
});

/** llama.cpp's own reading of a grammar, without a vocabulary. */
async function read(gbnf: string): Promise<(text: string) => boolean> {
	const grammar = await llama.createGrammar({ grammar: gbnf });
	// Not in the published types: it runs llama-grammar.cpp over a text.
	const { _testText: testText } = grammar as unknown as { _testText(text: string): boolean };
	return (text) => testText.call(grammar, text);
}

describe('llama.cpp reads the grammars as they are meant', () => {
	test('every keyword case', async () => {
		for (const { schema, accepts, rejects } of KEYWORD_CASES) {
			const takes = await read(compileJsonSchema(schema));
			for (const text of accepts)
				expect.soft(takes(text), `${JSON.stringify(schema).slice(0, 80)} ${text.slice(0, 80)}`).toBe(true);
			for (const text of rejects)
				expect.soft(takes(text), `${JSON.stringify(schema).slice(0, 80)} ${text.slice(0, 80)}`).toBe(false);
		}
	});

	test("every program's schema, by texts drawn from its grammar", async () => {
		const schemas = [
			...Object.values(ZOD_TYPES).map((type) => z.toJSONSchema(type)),
			...Object.values(PYDANTIC_SCHEMAS),
		];
		for (const schema of schemas) {
			const gbnf = compileJsonSchema(schema);
			const takes = await read(gbnf);
			const sample = createSampler(parseGbnf(gbnf));
			const random = seededRandom(3);
			for (let count = 0; count < 8; count++) {
				const text = sample(random);
				expect.soft(takes(text), text.slice(0, 200)).toBe(true);
				const broken = text.slice(0, -1);
				expect.soft(takes(broken), broken.slice(-50)).toBe(matchesGbnf(parseGbnf(gbnf), broken));
			}
		}
	});

	test('the JSON object and the tool grammars', async () => {
		expect((await read(jsonObjectGrammar()))('{"a": [1, 2]}')).toBe(true);
		const tools = toolsSchema.parse([
			{ type: 'function', function: { name: 'f', parameters: PYDANTIC_SCHEMAS.weather } },
		]);
		for (const kind of ['r1', 'hermes'] as const) {
			for (const toolChoice of ['auto', 'required'] as const) {
				for (const opensWithToken of [true, false]) {
					const grammar = toolCallGrammar({ format: { kind, opensWithToken }, tools, toolChoice, isParallel: true });
					await read(grammar?.gbnf ?? '');
				}
			}
		}
	});

	test('the widest objects and the longest repetitions', async () => {
		const wide = {
			type: 'object',
			properties: Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`p${index}`, { type: 'null' }])),
		};
		expect((await read(compileJsonSchema(wide)))('{"p3":null,"p255":null}')).toBe(true);
		const long = await read(compileJsonSchema({ type: 'string', maxLength: 100_000 }));
		expect(long(`"${'a'.repeat(100_000)}"`)).toBe(true);
		expect(long(`"${'a'.repeat(100_001)}"`)).toBe(false);
	});
});
