import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compileJsonSchema, jsonObjectGrammar } from '../../../src/chat/json-schema/compile-json-schema.ts';
import { RetortError } from '../../../src/errors.ts';
import { matchesGbnf, parseGbnf } from '../../support/gbnf.ts';
import { createSampler, seededRandom } from '../../support/sample-gbnf.ts';
import { KEYWORD_CASES, REFUSED_CASES } from './keyword-cases.ts';
import { PYDANTIC_SCHEMAS, REFUSED_PROGRAMS, ZOD_TYPES } from './program-schemas.ts';

const SAMPLES = Number(process.env.RETORT_SCHEMA_SAMPLES ?? 40);
const PARAM = 'response_format.json_schema.schema';
const name = (schema: unknown) => JSON.stringify(schema).slice(0, 90);

function refusal(schema: unknown): RetortError {
	try {
		compileJsonSchema(schema);
	} catch (error) {
		if (error instanceof RetortError) return error;
		throw error;
	}
	throw new Error(`compiled: ${name(schema)}`);
}

/** Draws texts and holds them against ajv: what the grammar allows is what the schema allows, or less. */
function expectSound(schema: unknown): void {
	const ajv = new Ajv2020({ strict: false, ownProperties: true, logger: false });
	// The package is CommonJS: its default export is the function under NodeNext, the module under vitest.
	addFormats.default(ajv);
	ajv.addFormat('uuid4', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i);
	const validate = ajv.compile(forAjv(schema));
	const grammar = parseGbnf(compileJsonSchema(schema));
	const sample = createSampler(grammar);
	const random = seededRandom(7);
	for (let count = 0; count < SAMPLES; count++) {
		const text = sample(random);
		if (!validate(JSON.parse(text))) expect.fail(`${text.slice(0, 300)} ${ajv.errorsText(validate.errors)}`);
	}
}

/** ajv takes no early drafts' forms here: they are written as 2020-12 has them. */
function forAjv(schema: unknown): object | boolean {
	const rewritten: unknown = JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
		if (key === '$schema' || key === 'discriminator') return undefined;
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
		const { items, additionalItems, exclusiveMinimum, minimum, nullable, ...rest } = value as Record<string, unknown>; // an object, as tested
		const arrays = Array.isArray(items)
			? { prefixItems: items, items: additionalItems ?? true }
			: items === undefined
				? {}
				: { items };
		const bounds =
			exclusiveMinimum === true
				? { exclusiveMinimum: minimum }
				: {
						...(minimum === undefined ? {} : { minimum }),
						...(exclusiveMinimum === undefined ? {} : { exclusiveMinimum }),
					};
		return { ...rest, ...arrays, ...bounds, ...(nullable === true ? { nullable } : {}) };
	});
	return rewritten as object | boolean; // a schema in, a schema out
}

describe('keywords', () => {
	test.each(KEYWORD_CASES.map((one) => [name(one.schema), one] as const))(
		'%s takes what is valid and nothing else',
		(_, one) => {
			const grammar = parseGbnf(compileJsonSchema(one.schema));
			for (const text of one.accepts) expect.soft(matchesGbnf(grammar, text), text.slice(0, 100)).toBe(true);
			for (const text of one.rejects) expect.soft(matchesGbnf(grammar, text), text.slice(0, 100)).toBe(false);
			expectSound(one.schema);
		},
	);

	test.each(REFUSED_CASES.map(([schema, path]) => [name(schema), schema, path] as const))(
		'%s is refused with its path',
		(_, schema, path) => {
			const error = refusal(schema);
			expect(error.status).toBe(400);
			expect(error.param).toBe(PARAM + path);
			expect(['unsupported_value', 'invalid_value']).toContain(error.code);
		},
	);
});

describe('what programs send', () => {
	const drafts = ['draft-2020-12', 'draft-7'] as const;
	const zod = Object.entries(ZOD_TYPES).flatMap(([key, type]) =>
		drafts.map((target) => [`zod ${key} (${target})`, z.toJSONSchema(type, { target })] as const),
	);
	const pydantic = Object.entries(PYDANTIC_SCHEMAS).map(([key, schema]) => [`pydantic ${key}`, schema] as const);

	test.each([...zod, ...pydantic])('%s is never weaker than its schema', (_, schema) => {
		expectSound(schema);
	});

	test.each(Object.entries(ZOD_TYPES))('zod itself parses what %s brings forth', (_, type) => {
		const sample = createSampler(parseGbnf(compileJsonSchema(z.toJSONSchema(type, { io: 'input' }))));
		const random = seededRandom(11);
		for (let count = 0; count < SAMPLES / 2; count++) {
			const text = sample(random);
			expect.soft(type.safeParse(JSON.parse(text)).error, text.slice(0, 300)).toBeUndefined();
		}
	});

	test.each(Object.entries(REFUSED_PROGRAMS))('%s is refused with its path', (_, [schema, path]) => {
		expect(refusal(schema).param).toBe(PARAM + path);
	});
});

test('the parameter is the one that the caller names', () => {
	expect(() => compileJsonSchema({ not: { type: 'null' } }, 'tools[2].function.parameters')).toThrow(
		expect.objectContaining({ param: 'tools[2].function.parameters.not', code: 'unsupported_value' }),
	);
});

test('json_object takes any object and nothing else', () => {
	const grammar = parseGbnf(jsonObjectGrammar());
	for (const text of ['{}', '{"a":[1, {"b":null}]}']) expect(matchesGbnf(grammar, text)).toBe(true);
	for (const text of ['[]', '1', '{"a":}', ' {}', '{} ']) expect(matchesGbnf(grammar, text)).toBe(false);
});

test('at most one space stands after a comma or a colon, and none elsewhere', () => {
	const grammar = parseGbnf(compileJsonSchema({ type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] }));
	for (const text of ['{"a":1,"b":2}', '{"a": 1, "b": 2}']) expect(matchesGbnf(grammar, text)).toBe(true);
	for (const text of ['{ "a":1,"b":2}', '{"a":  1,"b":2}', '{"a":1\n,"b":2}', '{"a":1,"b":2 }'])
		expect(matchesGbnf(grammar, text)).toBe(false);
});

test('a schema that multiplies out is compiled or refused, and soon', () => {
	const wide = {
		type: 'object',
		properties: Object.fromEntries(
			Array.from({ length: 256 }, (_, index) => [`property${index}`, { type: 'integer', minimum: index }]),
		),
	};
	const alternatives = {
		allOf: Array.from({ length: 40 }, () => ({ anyOf: [{ minimum: 1 }, { maximum: 5 }, { multipleOf: 2 }] })),
	};
	const references = {
		$defs: Object.fromEntries(
			Array.from({ length: 60 }, (_, index) => [
				`d${index}`,
				{ allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
			]),
		),
		$ref: '#/$defs/d0',
	};
	const patterns = {
		type: 'object',
		properties: Object.fromEntries(
			Array.from({ length: 50 }, (_, index) => [`p${index}`, { type: 'string', pattern: `^(.*a.{${index % 12}})$` }]),
		),
	};
	for (const schema of [wide, alternatives, references, patterns]) {
		try {
			compileJsonSchema(schema);
		} catch (error) {
			expect(error).toBeInstanceOf(RetortError);
		}
	}
});
