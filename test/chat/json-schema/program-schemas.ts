import { z } from 'zod';

const person = z.object({ name: z.string().min(1), age: z.int().min(0).max(130), email: z.email().nullable() });
const category: z.ZodType = z.object({
	name: z.string(),
	get children() {
		return z.array(category);
	},
});

/** What programs over zod send: the schemas as `z.toJSONSchema` writes them, in both drafts. */
export const ZOD_TYPES: Record<string, z.ZodType> = {
	person,
	category,
	event: z.object({ name: z.string(), date: z.iso.date(), participants: z.array(z.string()).min(1).max(10) }),
	stamped: z.object({ id: z.uuid(), at: z.iso.datetime(), offset: z.iso.datetime({ offset: true }) }),
	network: z.object({ ip: z.ipv4(), six: z.ipv6(), cidr: z.cidrv4(), url: z.url() }),
	clock: z.object({ time: z.iso.time(), lasts: z.iso.duration() }),
	steps: z.object({
		steps: z.array(z.object({ explanation: z.string(), output: z.string() })),
		final_answer: z.string(),
	}),
	sentiment: z.object({ sentiment: z.enum(['positive', 'negative', 'neutral']), confidence: z.number().min(0).max(1) }),
	optionals: z.object({
		a: z.string().optional(),
		b: z.number().nullable(),
		c: z.boolean().nullish(),
		d: z.string().default('x'),
	}),
	shape: z.discriminatedUnion('kind', [
		z.object({ kind: z.literal('circle'), radius: z.number().positive() }),
		z.object({ kind: z.literal('square'), side: z.number().gt(0).lt(100) }),
		z.object({ kind: z.literal('point') }),
	]),
	union: z.union([z.string(), z.int(), z.null(), z.array(z.boolean())]),
	tuple: z.tuple([z.string(), z.number(), z.boolean()]),
	openTuple: z.tuple([z.string()], z.int()),
	record: z.record(z.string(), z.int()),
	enumRecord: z.record(z.enum(['low', 'high']), z.number()),
	partialRecord: z.partialRecord(z.enum(['a', 'b', 'c']), z.string()),
	patternRecord: z.record(z.string().regex(/^[a-z]{2}$/), z.boolean()),
	intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
	loose: z.looseObject({ a: z.string() }),
	strict: z.strictObject({ a: z.string().max(20) }),
	catchall: z.object({ a: z.string() }).catchall(z.int()),
	literals: z.object({ a: z.literal(['x', 'y', 3]), b: z.literal(null), c: z.literal(true) }),
	checks: z.object({
		a: z.string().startsWith('ab').endsWith('z').min(4),
		b: z.string().includes('x'),
		c: z.string().lowercase().max(30),
	}),
	ids: z.object({
		a: z.nanoid(),
		b: z.cuid2(),
		c: z.ulid(),
		d: z.e164(),
		e: z.base64(),
		f: z.hex(),
		g: z.guid(),
		h: z.cuid(),
	}),
	numbers: z.object({
		a: z.int32(),
		b: z.uint32(),
		c: z.float32(),
		d: z.int().multipleOf(5),
		e: z.number().negative(),
		f: z.number().nonnegative(),
	}),
	template: z.templateLiteral(['item-', z.int()]),
	nested: z.object({
		team: z.object({ lead: person, members: z.array(person).max(5) }),
		tags: z.array(z.string().max(12)).max(3),
	}),
	reused: z.object({ billing: person, shipping: person }),
	json: z.json(),
	anything: z.object({ a: z.any(), b: z.unknown() }),
	nullableObject: z.object({ address: z.object({ city: z.string() }).nullable() }),
	readonly: z.object({ a: z.array(z.string()).readonly(), b: z.string().brand<'B'>() }),
	described: z.object({
		a: z
			.string()
			.describe('The a.')
			.meta({ title: 'A', examples: ['x'] }),
	}),
	sizes: z.object({ a: z.string().length(5), b: z.array(z.int()).length(2), c: z.array(z.string()).nonempty() }),
	slug: z.object({ slug: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/), zip: z.string().regex(/^\d{5}(-\d{4})?$/) }),
	nativeEnum: z.enum({ Red: 'red', Blue: 'blue' }),
	host: z.object({ host: z.hostname() }),
	mac: z.object({ mac: z.mac() }),
};

/** pydantic's, as `model_json_schema()` writes them (pydantic 2). */
export const PYDANTIC_SCHEMAS: Record<string, unknown> = {
	user: {
		properties: {
			id: { title: 'Id', type: 'integer' },
			name: { default: 'Jane Doe', title: 'Name', type: 'string' },
			signup_ts: {
				anyOf: [{ format: 'date-time', type: 'string' }, { type: 'null' }],
				default: null,
				title: 'Signup Ts',
			},
			friends: { default: [], items: { type: 'integer' }, title: 'Friends', type: 'array' },
		},
		required: ['id'],
		title: 'User',
		type: 'object',
	},
	nested: {
		$defs: {
			Step: {
				properties: {
					explanation: { title: 'Explanation', type: 'string' },
					output: { title: 'Output', type: 'string' },
				},
				required: ['explanation', 'output'],
				title: 'Step',
				type: 'object',
			},
		},
		properties: {
			steps: { items: { $ref: '#/$defs/Step' }, title: 'Steps', type: 'array' },
			final: { title: 'Final', type: 'string' },
		},
		required: ['steps', 'final'],
		title: 'Reasoning',
		type: 'object',
	},
	enumField: {
		$defs: { Color: { enum: ['red', 'green'], title: 'Color', type: 'string' } },
		properties: {
			color: { $ref: '#/$defs/Color', description: 'Which' },
			other: { allOf: [{ $ref: '#/$defs/Color' }], default: 'red' },
		},
		required: ['color'],
		type: 'object',
	},
	constrained: {
		properties: {
			age: { exclusiveMinimum: 0, maximum: 120, title: 'Age', type: 'integer' },
			ratio: { maximum: 1.0, minimum: 0.0, title: 'Ratio', type: 'number' },
			code: { maxLength: 3, minLength: 3, pattern: '^[A-Z]+$', title: 'Code', type: 'string' },
			tags: { items: { type: 'string' }, maxItems: 5, minItems: 1, title: 'Tags', type: 'array' },
		},
		required: ['age', 'ratio', 'code', 'tags'],
		type: 'object',
	},
	discriminated: {
		$defs: {
			Cat: {
				properties: { pet_type: { const: 'cat', title: 'Pet Type', type: 'string' }, age: { type: 'integer' } },
				required: ['pet_type', 'age'],
				type: 'object',
			},
			Dog: {
				properties: { pet_type: { const: 'dog', title: 'Pet Type', type: 'string' } },
				required: ['pet_type'],
				type: 'object',
			},
		},
		properties: {
			pet: {
				discriminator: { mapping: { cat: '#/$defs/Cat', dog: '#/$defs/Dog' }, propertyName: 'pet_type' },
				oneOf: [{ $ref: '#/$defs/Cat' }, { $ref: '#/$defs/Dog' }],
			},
		},
		required: ['pet'],
		type: 'object',
	},
	recursive: {
		$defs: {
			Node: {
				properties: {
					value: { type: 'integer' },
					left: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }], default: null },
					right: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }], default: null },
				},
				required: ['value'],
				type: 'object',
			},
		},
		$ref: '#/$defs/Node',
	},
	recursiveTagged: {
		$defs: {
			Leaf: {
				properties: { type: { const: 'leaf', type: 'string' } },
				required: ['type'],
				type: 'object',
				additionalProperties: false,
			},
			Pair: {
				properties: { left: { $ref: '#/$defs/Any' }, type: { const: 'pair', type: 'string' } },
				required: ['left', 'type'],
				type: 'object',
				additionalProperties: false,
			},
			Any: { oneOf: [{ $ref: '#/$defs/Leaf' }, { $ref: '#/$defs/Pair' }] },
		},
		$ref: '#/$defs/Any',
	},
	dictOfLists: { additionalProperties: { items: { type: 'number' }, type: 'array' }, title: 'M', type: 'object' },
	dictField: {
		properties: { scores: { additionalProperties: { type: 'integer' }, title: 'Scores', type: 'object' } },
		required: ['scores'],
		type: 'object',
	},
	patternDict: {
		properties: { m: { patternProperties: { '^[a-z]+$': { type: 'integer' } }, type: 'object' } },
		required: ['m'],
		type: 'object',
	},
	tupleField: {
		properties: {
			p: { maxItems: 2, minItems: 2, prefixItems: [{ type: 'number' }, { type: 'string' }], type: 'array' },
		},
		required: ['p'],
		type: 'object',
	},
	setOfEnum: {
		$defs: { C: { enum: ['a', 'b'], type: 'string' } },
		properties: { s: { items: { $ref: '#/$defs/C' }, type: 'array', uniqueItems: true } },
		required: ['s'],
		type: 'object',
	},
	literal: {
		properties: { l: { enum: ['a', 'b'], type: 'string' }, m: { const: 1, type: 'integer' } },
		required: ['l', 'm'],
		type: 'object',
	},
	formats: {
		properties: {
			d: { format: 'date', type: 'string' },
			t: { format: 'time', type: 'string' },
			dt: { format: 'date-time', type: 'string' },
			u: { format: 'uuid', type: 'string' },
			u4: { format: 'uuid4', type: 'string' },
			e: { format: 'email', type: 'string' },
			url: { format: 'uri', maxLength: 2083, minLength: 1, type: 'string' },
			i: { format: 'ipv4', type: 'string' },
			td: { format: 'duration', type: 'string' },
			p: { format: 'password', type: 'string', writeOnly: true },
			f: { format: 'path', type: 'string' },
		},
		required: ['d', 't', 'dt', 'u', 'u4', 'e', 'url', 'i', 'td', 'p', 'f'],
		type: 'object',
	},
	decimal: {
		properties: {
			price: { anyOf: [{ type: 'number' }, { pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$', type: 'string' }] },
		},
		required: ['price'],
		type: 'object',
	},
	forbid: { additionalProperties: false, properties: { a: { type: 'string' } }, required: ['a'], type: 'object' },
	allow: { additionalProperties: true, properties: { a: { type: 'string' } }, required: ['a'], type: 'object' },
	optionalNested: {
		$defs: { A: { properties: { x: { type: 'integer' } }, required: ['x'], type: 'object' } },
		properties: { a: { anyOf: [{ $ref: '#/$defs/A' }, { type: 'null' }] } },
		required: ['a'],
		type: 'object',
	},
	rootUnion: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
	unionOfModels: {
		$defs: {
			A: { properties: { a: { type: 'string' } }, required: ['a'], type: 'object' },
			B: { properties: { b: { type: 'integer' } }, required: ['b'], type: 'object' },
		},
		anyOf: [{ $ref: '#/$defs/A' }, { $ref: '#/$defs/B' }],
	},
	genericList: {
		items: { $ref: '#/$defs/A' },
		type: 'array',
		$defs: { A: { properties: { a: { type: 'string' } }, type: 'object' } },
	},
	multiple: { properties: { n: { multipleOf: 3, type: 'integer', minimum: 0 } }, required: ['n'], type: 'object' },
	inherited: {
		properties: { a: { type: 'string' }, b: { type: 'integer' } },
		required: ['a', 'b'],
		allOf: [{ properties: { a: { maxLength: 4 } } }],
		type: 'object',
	},
	anyField: { properties: { data: { title: 'Data' } }, required: ['data'], type: 'object' },
	emptyModel: { properties: {}, title: 'Empty', type: 'object' },
	weather: {
		properties: { location: { description: 'City', type: 'string' }, unit: { enum: ['c', 'f'], type: 'string' } },
		required: ['location', 'unit'],
		additionalProperties: false,
		type: 'object',
	},
};

/** Programs' schemas that are refused, with the path behind the parameter's own. */
export const REFUSED_PROGRAMS: Record<string, [schema: unknown, path: string]> = {
	setOfStrings: [
		{ properties: { s: { items: { type: 'string' }, type: 'array', uniqueItems: true } }, type: 'object' },
		'.properties.s.uniqueItems',
	],
	bytesAsJwt: [z.toJSONSchema(z.object({ token: z.jwt() })), '.properties.token.format'],
	emoji: [z.toJSONSchema(z.object({ e: z.emoji() })), '.properties.e.pattern'],
	step: [z.toJSONSchema(z.object({ n: z.number().multipleOf(0.01) })), '.properties.n.multipleOf'],
	condecimal: [{ properties: { d: { type: 'number', multipleOf: 0.05 } }, type: 'object' }, '.properties.d.multipleOf'],
};
