import type { z } from 'zod';
import { failureResponses, failuresOf, nameOfFailure } from './failures.ts';
import { jsonSchemas } from './json-schemas.ts';
import type { Answer, Operation, Parameter } from './operation.ts';
import { operations } from './operations.ts';
import { answerNames, requestNames } from './schema-names.ts';

const DESCRIPTION = `OpenAI's API for DeepSeek-R1 distills on your own machine: reasoning as a field of its own, streamed, countable and under your control.

Every path under \`/v1\` is served without that prefix too, and with a trailing slash. Another method than the documented ones is a 405 that says in \`Allow\` what is right. Bodies are JSON.`;

const TAGS = [
	{ name: 'Chat', description: 'Chat completions, and all that steers reasoning.' },
	{ name: 'Responses', description: "OpenAI's Responses API." },
	{ name: 'Messages', description: "Anthropic's Messages API." },
	{ name: 'Ollama', description: "Ollama's API, for the tools that look for it first." },
	{ name: 'Completions', description: 'Raw text.' },
	{ name: 'Embeddings', description: 'Vectors of texts.' },
	{ name: 'Models', description: 'What is served.' },
	{ name: 'Tokens', description: 'What a text is to the model.' },
	{ name: 'Server', description: 'Probes, metrics, documentation, and the workers for their operator.' },
];

const text = { type: 'string' };
const count = { type: 'string', pattern: '^[0-9]+$' };
const HEADERS: Record<string, { description: string; schema: object }> = {
	'x-request-id': { description: "The caller's own `x-request-id`, or one of ours; the log has it.", schema: text },
	'request-id': { description: "The same, by the name of Anthropic's API.", schema: text },
	'www-authenticate': { description: '`Bearer`.', schema: text },
	'retry-after': { description: 'Seconds, 1 to 30.', schema: count },
	'x-should-retry': { description: '`false` where trying again cannot help.', schema: text },
	'idempotent-replayed': { description: '`true` where this is the answer of an earlier request.', schema: text },
};
for (const what of ['requests', 'tokens']) {
	HEADERS[`x-ratelimit-limit-${what}`] = { description: `Allowed ${what} a minute, where limited.`, schema: count };
	HEADERS[`x-ratelimit-remaining-${what}`] = { description: `What is left of them.`, schema: count };
	HEADERS[`x-ratelimit-reset-${what}`] = { description: 'Time until all are back, as `1m30s`.', schema: text };
}
const LIMIT_HEADERS = Object.keys(HEADERS).filter((name) => name.startsWith('x-ratelimit-'));

export type OpenApiDocument = {
	openapi: string;
	paths: Record<string, Record<string, object>>;
	components: { schemas: Record<string, object> } & Record<string, object>;
	[key: string]: unknown;
};

/** The API as OpenAPI 3.1, from the schemas that requests are parsed with. */
export function openApiDocument(version: string): OpenApiDocument {
	const requests = new Map(requestNames);
	const answers = new Map(answerNames);
	for (const operation of operations) {
		const { id, request, answer } = operation;
		name(requests, request, `${capital(id)}Request`);
		name(answers, answer.json, `${capital(id)}Answer`);
		name(answers, answer.stream?.event, `${capital(id)}Event`);
	}
	const paths: OpenApiDocument['paths'] = {};
	for (const operation of operations) {
		paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation, requests, answers) };
	}
	return {
		openapi: '3.1.0',
		info: { title: 'retort', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
		servers: [{ url: '/' }],
		security: [{ bearer: [] }],
		tags: TAGS,
		paths,
		components: {
			schemas: { ...jsonSchemas(requests, 'input'), ...jsonSchemas(answers, 'output') },
			responses: failureResponses(headersOf),
			headers: HEADERS,
			securitySchemes: {
				bearer: { type: 'http', scheme: 'bearer', description: 'A key of the server, where it has keys.' },
			},
		},
	};
}

function describe(operation: Operation, requests: Map<z.ZodType, string>, answers: Map<z.ZodType, string>): object {
	const { id, tag, summary, description, parameters, request, examples, answer, otherAnswers = {} } = operation;
	const others = Object.entries(otherAnswers).map(([status, { description: why, json }]) => [
		status,
		{
			description: why,
			headers: headersOf(['retry-after']),
			content: { 'application/json': { schema: refer(answers, json) } },
		},
	]);
	const failures = failuresOf(operation)
		.filter((status) => !(status in otherAnswers))
		.map((status) => [status, { $ref: `#/components/responses/${nameOfFailure(status, operation.envelope)}` }]);
	return {
		operationId: id,
		tags: [tag],
		summary,
		...(description === undefined ? {} : { description }),
		...(operation.isPublic === true ? { security: [] } : {}),
		...(parameters === undefined ? {} : { parameters: parameters.map(describeParameter) }),
		...(request === undefined ? {} : { requestBody: describeBody(refer(requests, request), examples) }),
		responses: {
			200: {
				description: answer.description,
				headers: headersOf([...(operation.generates === true ? LIMIT_HEADERS : []), ...(answer.headers ?? [])]),
				content: contentOf(answer, answers),
			},
			...Object.fromEntries(others),
			...Object.fromEntries(failures),
		},
	};
}

function describeParameter({ schema = { type: 'string' }, ...parameter }: Parameter): object {
	return { ...parameter, schema, ...(parameter.in === 'path' ? { required: true } : {}) };
}

function describeBody(schema: object, examples: Operation['examples']): object {
	const named = Object.entries(examples ?? {}).map(([key, value]) => [key, { value }]);
	return { required: true, content: { 'application/json': { schema, examples: Object.fromEntries(named) } } };
}

function contentOf({ json, stream, media }: Answer, names: Map<z.ZodType, string>): Record<string, object> {
	return {
		...(json === undefined ? {} : { 'application/json': { schema: refer(names, json) } }),
		...(stream === undefined
			? {}
			: {
					[stream.media ?? 'text/event-stream']: { schema: describeStream(stream, refer(names, stream.event)) },
				}),
		...(media === undefined ? {} : { [media]: {} }),
	};
}

/**
 * OpenAPI 3.1 has no word for the items of a stream. Of server-sent events, tools take the schema for that of each event;
 * of lines they take it for that of the whole body.
 */
function describeStream({ description, media, end }: NonNullable<Answer['stream']>, item: object): object {
	if (media !== undefined) return { type: 'string', description, 'x-line-schema': item };
	const contentSchema = { anyOf: [item, { $ref: '#/components/schemas/Error' }] };
	const json = { type: 'string', contentMediaType: 'application/json', contentSchema };
	const data = end === undefined ? json : { anyOf: [json, { const: end }] };
	return { type: 'object', description, required: ['data'], properties: { event: { type: 'string' }, data } };
}

function headersOf(names: string[]): object {
	const references = ['x-request-id', ...names].map((header) => [header, { $ref: `#/components/headers/${header}` }]);
	return Object.fromEntries(references);
}

function name(names: Map<z.ZodType, string>, schema: z.ZodType | undefined, otherwise: string): void {
	if (schema !== undefined && !names.has(schema)) names.set(schema, otherwise);
}

function refer(names: Map<z.ZodType, string>, schema: z.ZodType): object {
	return { $ref: `#/components/schemas/${names.get(schema)}` };
}

function capital(id: string): string {
	return id.charAt(0).toUpperCase() + id.slice(1);
}
