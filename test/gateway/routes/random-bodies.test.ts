import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../src/protocol/openapi/openapi-document.ts';
import { operations } from '../../../src/protocol/openapi/operations.ts';
import type { FakeScript } from '../../support/fake-worker.ts';
import { randomBody } from '../../support/random-body.ts';
import { delta, eventsOf, START } from '../support/scripts.ts';
import { startGateway } from '../support/start-gateway.ts';

/** `npm run fuzz -- --runs 1000000` says how many, and from which seed. */
const RUNS = Number(process.env.RETORT_FUZZ_RUNS ?? 3000);
const SEED = process.env.RETORT_FUZZ_SEED === undefined ? {} : { seed: Number(process.env.RETORT_FUZZ_SEED) };

const document = openApiDocument('0.0.0');
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'document', ...document } as AnySchema);

/** What the document says of a body: where its schema stands. */
const pointer = (...keys: (string | number)[]) =>
	ajv.compile({
		$ref: `document#/${keys.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
	});

const posts = operations.filter(({ method }) => method === 'post');

test.each(posts)('POST $path takes whatever body comes as it is documented', async (operation) => {
	const { path, request, answer, envelope = 'OpenAi' } = operation;
	const embedder = path.includes('/embed') ? { info: { embedding: { dimensions: 3 } } } : {};
	const { app, worker } = await startGateway({ script: thinksWhereAsked, worker: embedder });
	const url = path.replace('{id}', 'nobody');
	const schema = bodySchemaOf(path);
	const isError = ajv.compile({ $ref: `document#/components/schemas/${ERRORS[envelope]}` });
	const isAnswer =
		answer.json && pointer('paths', path, 'post', 'responses', 200, 'content', 'application/json', 'schema');
	const documented = Object.keys(Object(document.paths[path]?.post).responses);
	const seen = new Map<number, number>();

	const bodies = request === undefined ? fc.json().map(String) : randomBody(document, schema);
	const share = Math.ceil(RUNS / posts.length);
	await fc.assert(
		fc.asyncProperty(bodies, async (payload) => {
			const headers = { 'content-type': 'application/json' };
			const response = await app.inject({ method: 'POST', url, headers, payload });
			seen.set(response.statusCode, (seen.get(response.statusCode) ?? 0) + 1);
			const { statusCode, body } = response;
			expect([statusCode < 500 ? 'answered' : statusCode, documented.includes(String(statusCode))], body).toEqual([
				'answered',
				true,
			]);
			if (statusCode >= 400) {
				isError(JSON.parse(body));
				expect(isError.errors ?? [], body).toEqual([]);
			} else if (String(response.headers['content-type']).startsWith('application/json') && isAnswer) {
				isAnswer(JSON.parse(body));
				expect(isAnswer.errors ?? [], body).toEqual([]);
			}
		}),
		{ numRuns: share, ...SEED, endOnFailure: process.env.RETORT_FUZZ_RUNS !== undefined },
	);
	expect(worker.running()).toBe(0);
	// A property over bodies that are all refused alike would say little.
	if (answer.json !== undefined && request !== undefined && !path.startsWith('/admin/')) {
		expect(seen.get(200) ?? 0).toBeGreaterThan(share / 50);
	}
	if (process.env.RETORT_FUZZ_RUNS !== undefined) process.stdout.write(`${path} ${JSON.stringify([...seen])}\n`);
});

const ERRORS = { OpenAi: 'Error', Anthropic: 'AnthropicError', Ollama: 'OllamaError' };

function bodySchemaOf(path: string): string {
	const content = Object(document.paths[path]?.post).requestBody?.content['application/json'];
	return content?.schema.$ref.split('/').at(-1) ?? '';
}

/** Thinks when the request has a phase for it, or says a word at once. */
const thinksWhereAsked: FakeScript = async (turn) => {
	const thinks = turn.request.phases[0]?.name === 'reasoning';
	const [end] = eventsOf('', '').slice(-1);
	const answer = [START, delta('answer', '{"a": 1}'), ...(end === undefined ? [] : [end])];
	await turn.send(...(thinks ? eventsOf('Hm.', 'So it is.') : answer));
	turn.end();
};
