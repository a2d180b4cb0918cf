import fc from 'fast-check';

type Schema = { [keyword: string]: unknown };

/** What strings are made of that break parsers, templates and tokenizers. */
const TEXTS = [
	'',
	' ',
	'hello',
	'<think>',
	'</think>',
	'<｜User｜>',
	'<｜tool▁calls▁begin｜>',
	'{{ x }}',
	'{% raw %}',
	'__proto__',
	'constructor',
	'\u0000',
	'\uD800',
	'👩‍👩‍👧',
	'\u2028',
	'a'.repeat(5000),
	'(a+)+$',
	'{"a":',
	'../../etc',
];
const text = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
	fc.string({ unit: 'binary', maxLength: 20 }),
);

/** Without them there is nothing to answer. */
const OFTEN = new Set(['model', 'input', 'messages', 'prompt', 'content']);

/** Values that fit a schema of the API's document, nearly: bounds are met, and mostly what the patterns ask for. */
export function schemaArbitrary(document: { components: { schemas: Record<string, object> } }, reference: string) {
	return arbitraryOf({ $ref: `#/components/schemas/${reference}` }, 0);

	function arbitraryOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
		if (typeof schema.$ref === 'string') {
			const name = schema.$ref.split('/').at(-1) ?? '';
			return arbitraryOf(document.components.schemas[name] as Schema, depth);
		}
		if ('const' in schema) return fc.constant(schema.const);
		if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
		const branches = schema.anyOf ?? schema.oneOf;
		if (Array.isArray(branches)) return fc.oneof(...branches.map((branch) => arbitraryOf(branch, depth)));
		if (Array.isArray(schema.type)) {
			return fc.oneof(...schema.type.map((type) => arbitraryOf({ ...schema, type }, depth)));
		}
		switch (schema.type) {
			case 'string':
				return schema.pattern === undefined
					? text
					: fc.oneof(fc.stringMatching(/^[a-z0-9_]{1,9}$/), fc.stringMatching(/^[0-9]{1,9}$/), text);
			case 'integer':
			case 'number':
				return numberIn(Number(schema.minimum ?? -10), Number(schema.maximum ?? 100), schema.type === 'integer');
			case 'boolean':
				return fc.boolean();
			case 'null':
				return fc.constant(null);
			case 'array':
				return fc.array(arbitraryOf((schema.items ?? {}) as Schema, depth + 1), {
					minLength: Number(schema.minItems ?? 0),
					maxLength: Math.min(4, Number(schema.maxItems ?? 4)),
				});
			case 'object':
				return objectOf(schema, depth);
			default:
				return fc.jsonValue({ maxDepth: 2 });
		}
	}

	function objectOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
		const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
		if (properties.length === 0) return anyObject;
		const required = new Set((schema.required ?? []) as string[]);
		const fields = properties.map(([key, value]) => {
			const valued =
				key === 'model' ? fc.constantFrom('fake', 'fake', 'fake', 'nobody') : arbitraryOf(value, depth + 1);
			if (required.has(key)) return valued.map((one) => [key, one] as const);
			// Of the many optional fields few at a time: each may be refused for the sake of another.
			const absent = OFTEN.has(key) ? 1 : depth === 0 ? 15 : 2;
			return fc
				.oneof(
					{ weight: absent, arbitrary: fc.constant(undefined) },
					{ weight: OFTEN.has(key) ? 9 : 1, arbitrary: valued },
				)
				.map((one) => [key, one] as const);
		});
		return fc.tuple(...fields).map((pairs) => Object.fromEntries(pairs.filter(([, value]) => value !== undefined)));
	}
}

/** Small bounds are drawn as often as what lies between. */
function numberIn(min: number, max: number, isInteger: boolean): fc.Arbitrary<number> {
	const low = Math.max(min, -(2 ** 53));
	const high = Math.min(max, 2 ** 53);
	const small = isInteger
		? fc.integer({ min: Math.ceil(Math.max(low, -100)), max: Math.min(high, 100) })
		: fc.double({ min: low, max: high, noNaN: true });
	return fc.oneof({ weight: 4, arbitrary: small }, fc.constantFrom(min, max));
}

const jsonSchema = fc.letrec((tie) => ({
	schema: fc.oneof(
		{ depthSize: 'small' },
		fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'object', 'array', 'what') }),
		fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }) }),
		fc.record({ type: fc.constant('string'), pattern: fc.constantFrom('^a+$', '(', '^[0-9]{3,1}$', '(?=x)', '\\d') }),
		fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.integer({ min: -1, max: 9 }) }),
		fc.record(
			{ type: fc.constant('object'), properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 3 }) },
			{ requiredKeys: ['type'] },
		),
		fc.record({ anyOf: fc.array(tie('schema'), { maxLength: 2 }) }),
		fc.record({ $ref: fc.constantFrom('#', '#/$defs/a', '#/nowhere', 'http://127.0.0.1:1/x') }),
	),
})).schema;
/** Where any object may stand, it is a JSON schema, or arguments. */
const anyObject = fc.oneof(jsonSchema, fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }));
