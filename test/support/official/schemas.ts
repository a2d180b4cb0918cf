import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createGenerator } from 'ts-json-schema-generator';
import { parse } from 'yaml';
import type { OfficialTypes } from './types.ts';

export type OfficialName = keyof OfficialTypes;
export type AnthropicName = 'Message' | 'MessageEvent' | 'AnthropicError' | 'MessageTokens';

/** Names of the documents' own. */
const OPENAI: Record<OfficialName, string> = {
	ChatCompletion: 'CreateChatCompletionResponse',
	ChatCompletionChunk: 'CreateChatCompletionStreamResponse',
	TextCompletion: 'CreateCompletionResponse',
	Response: 'Response',
	ResponseEvent: 'ResponseStreamEvent',
	InputItem: 'ItemResource',
	Model: 'Model',
	Embeddings: 'CreateEmbeddingResponse',
	InputTokens: 'TokenCountsResource',
	Error: 'ErrorResponse',
};
const ANTHROPIC: Record<AnthropicName, string> = {
	Message: 'Message',
	MessageEvent: 'MessageStreamEvent',
	AnthropicError: 'ErrorResponse',
	MessageTokens: 'CountMessageTokensResponse',
};

export type OfficialSchemas = {
	/** What the schema has against the value. */
	faults(name: OfficialName, value: unknown): string[];
	/** null where there is no document of Anthropic's. */
	anthropicFaults: ((name: AnthropicName, value: unknown) => string[]) | null;
};

/** Schemas from the types of the installed `openai` package. They know shapes, enums and required keys, no bounds. */
export function schemasOfTypes(): OfficialSchemas {
	const generator = createGenerator({
		path: new URL('types.ts', import.meta.url).pathname,
		tsconfig: new URL('tsconfig.json', import.meta.url).pathname,
		type: 'OfficialTypes',
		additionalProperties: true,
		skipTypeCheck: true,
		jsDoc: 'none',
	});
	const ajv = newAjv();
	const { definitions } = generator.createSchema('OfficialTypes');
	ajv.addSchema({ definitions } as AnySchema, 'types');
	const validators = new Map<string, ValidateFunction>();
	return {
		faults: (name, value) =>
			check(validators, name, value, () =>
				ajv.compile({ $ref: `types#/definitions/OfficialTypes/properties/${name}` }),
			),
		anthropicFaults: null,
	};
}

/** The documents themselves, OpenAI's and Anthropic's, in the folder that `npm run check:official-documents` fills. */
export function schemasOfDocuments(folder: string): OfficialSchemas {
	const reader = (vendor: string, names: Record<string, string>) => {
		const document = parse(readFileSync(join(folder, vendor, 'official', 'openapi.yml'), 'utf8'), {
			maxAliasCount: -1,
		});
		const ajv = newAjv();
		ajv.addSchema({ $id: vendor, components: withoutNullable(document.components) } as AnySchema);
		const validators = new Map<string, ValidateFunction>();
		return (name: string, value: unknown) =>
			check(validators, name, value, () => ajv.compile({ $ref: `${vendor}#/components/schemas/${names[name]}` }));
	};
	return { faults: reader('openai', OPENAI), anthropicFaults: reader('anthropic', ANTHROPIC) };
}

/** Here and there the documents still speak OpenAPI 3.0. */
function withoutNullable(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(withoutNullable);
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).map(([key, one]): [string, unknown] => [key, withoutNullable(one)]);
	if (!('nullable' in value) || typeof value.nullable !== 'boolean') return Object.fromEntries(entries);
	const schema = Object.fromEntries(entries.filter(([key]) => key !== 'nullable'));
	return value.nullable ? { anyOf: [schema, { type: 'null' }] } : schema;
}

function newAjv(): Ajv2020 {
	const ajv = new Ajv2020({
		strict: false,
		allErrors: true,
		discriminator: false,
		validateFormats: true,
		logger: false,
	});
	addFormats.default(ajv);
	return ajv;
}

function check(
	validators: Map<string, ValidateFunction>,
	name: string,
	value: unknown,
	compile: () => ValidateFunction,
): string[] {
	const validate = validators.get(name) ?? compile();
	validators.set(name, validate);
	validate(value);
	// Of a union every branch complains; the first few say enough.
	return (validate.errors ?? []).slice(0, 8).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
