import type { Bound } from './number-grammar.ts';
import type { Language } from './pattern-syntax.ts';

/** A schema and where it stands; the place is also what makes it the same schema when it is met again. */
export type Located = { schema: unknown; path: string };

/** Schemas that all have to hold; none of them means anything goes. */
export type Conjunction = readonly Located[];

/** `number` has every integer in it too. */
export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';
export const JSON_TYPES: readonly JsonType[] = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

/**
 * What one alternative of a schema says of a value, all `allOf`, `$ref` and siblings taken together. What is said of
 * a type holds for values of that type alone, as in JSON Schema.
 */
export type Facts = {
	path: string;
	types: ReadonlySet<JsonType>;
	/** Of `enum` and `const`. */
	values: readonly unknown[] | null;
	minimum: Bound | null;
	maximum: Bound | null;
	multipleOf: { value: number; path: string } | null;
	minLength: number;
	maxLength: number | null;
	patterns: readonly { language: Language; path: string }[];
	formats: readonly { name: string; language: Language; path: string }[];
	items: {
		prefix: readonly Conjunction[];
		rest: Conjunction;
		/** Whether the schema says anything of the rest. */
		isRestGiven: boolean;
		min: number;
		max: number | null;
		/** Path of `uniqueItems`. */
		unique: string | null;
	};
	members: {
		properties: ReadonlyMap<string, Conjunction>;
		required: ReadonlySet<string>;
		additional: Conjunction;
		isAdditionalGiven: boolean;
		/** Path of what tells of keys by pattern, and its one pattern. */
		byPattern: { language: Language; value: Conjunction; path: string } | null;
		names: Conjunction;
		min: number;
		max: number | null;
		path: string;
	};
};

export function anything(path: string): Facts {
	return {
		path,
		types: new Set(JSON_TYPES),
		values: null,
		minimum: null,
		maximum: null,
		multipleOf: null,
		minLength: 0,
		maxLength: null,
		patterns: [],
		formats: [],
		items: { prefix: [], rest: [], isRestGiven: false, min: 0, max: null, unique: null },
		members: {
			properties: new Map(),
			required: new Set(),
			additional: [],
			isAdditionalGiven: false,
			byPattern: null,
			names: [],
			min: 0,
			max: null,
			path,
		},
	};
}
