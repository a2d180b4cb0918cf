import { Ollama } from 'ollama';
import { expect, test } from 'vitest';
import { embeddingsResponseSchema } from '../../../src/protocol/embeddings-response.ts';
import { type FakeWorkerOptions, fakeVector } from '../../support/fake-worker.ts';
import { remoteAt } from '../../support/pool.ts';
import { startFake } from '../../support/start-fake.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { bearer, CHAT, KEY, OTHER_KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const URL = '/v1/embeddings';
const EMBEDDER: FakeWorkerOptions = { info: { embedding: { dimensions: 3 } } };

/** Answers what is asked of it, the probe aside, with this refusal. */
function refuses(status: number, error: { message: string; param: string | null; code: string }): FakeWorkerOptions {
	let calls = 0;
	return {
		...EMBEDDER,
		intercept: (request, response) => {
			if (request.url !== '/embed' || calls++ === 0) return false;
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify({ error: { type: 'invalid_request_error', ...error } }));
			return true;
		},
	};
}

test("OpenAI's client, which asks for base64, gets a vector an input, in order", async () => {
	const { client } = await startGateway({ worker: EMBEDDER });
	const openai = await client();
	const made = await openai.embeddings.create({ model: 'fake', input: ['a', 'bcd', 'ef'] });
	expect(made.data.map(({ index }) => index)).toEqual([0, 1, 2]);
	expect(made.data.map(({ embedding }) => embedding)).toEqual(
		[1, 3, 2].map((length) => Array.from(fakeVector(length))),
	);
	expect([made.model, made.usage]).toEqual(['fake', { prompt_tokens: 6, total_tokens: 6 }]);
	const floats = await openai.embeddings.create({ model: 'fake', input: 'abc', encoding_format: 'float' });
	expect(floats.data[0]?.embedding).toEqual(Array.from(fakeVector(3)));
});

test('texts, one text, token ids and lists of them are all inputs', async () => {
	const { app, worker } = await startGateway({ worker: EMBEDDER });
	for (const url of [URL, '/embeddings', `${URL}/`]) {
		for (const input of ['abcd', ['abcd'], [7, 8, 9, 10], [[7, 8, 9, 10]]]) {
			const response = await app.inject({ method: 'POST', url, payload: { model: 'fake', input } });
			expect(embeddingsResponseSchema.parse(response.json()).data[0]?.embedding).toEqual(Array.from(fakeVector(4)));
		}
	}
	expect(worker.embedded.at(-1)).toEqual({ inputs: [[{ tokens: [7, 8, 9, 10] }]], truncate: false });
	expect(worker.embedded.at(-3)).toEqual({ inputs: [[{ text: 'abcd', special: false }]], truncate: false });
});

test('many inputs go a few at a time, so that others have their turn, and come back in order', async () => {
	const { app, worker } = await startGateway({ worker: EMBEDDER });
	const input = Array.from({ length: 40 }, (_, index) => 'x'.repeat(index + 1));
	const { data } = (await app.inject({ method: 'POST', url: URL, payload: { model: 'fake', input } })).json();
	expect(data).toEqual(
		input.map((text, index) => ({ object: 'embedding', index, embedding: Array.from(fakeVector(text.length)) })),
	);
	expect(worker.embedded.slice(1).map(({ inputs }) => inputs.length)).toEqual([16, 16, 8]);
});

test('dimensions cut the vector, which is of length 1 again', async () => {
	const { app } = await startGateway({ worker: EMBEDDER });
	const post = (dimensions: number) =>
		app.inject({ method: 'POST', url: URL, payload: { model: 'fake', input: 'abc', dimensions } });
	const [{ embedding }] = (await post(2)).json().data;
	const [first = 0, second = 0] = fakeVector(3);
	expect(embedding).toHaveLength(2);
	expect(Math.hypot(...embedding)).toBeCloseTo(1, 6);
	expect(embedding[0] / embedding[1]).toBeCloseTo(first / second, 6);
	const refused = await post(4);
	expect([refused.statusCode, refused.json().error.param]).toEqual([400, 'dimensions']);
});

const REFUSED: [object, string][] = [
	[{ input: '' }, 'input'],
	[{ input: [] }, 'input'],
	[{ input: ['a', ''] }, 'input[1]'],
	[{ input: ['a', 5] }, 'input'],
	[{ input: [[]] }, 'input[0]'],
	[{ input: [-1] }, 'input'],
	[{ input: Array(2049).fill('a') }, 'input'],
	[{ input: undefined }, 'input'],
	[{ model: undefined }, 'model'],
	[{ encoding_format: 'hex' }, 'encoding_format'],
	[{ dimensions: 0 }, 'dimensions'],
];

test.each(REFUSED)('what is wrong is a 400 that names it, case %$', async (wrong, param) => {
	const { app, worker } = await startGateway({ worker: EMBEDDER });
	const payload = { model: 'fake', input: 'a', ...wrong };
	const response = await app.inject({ method: 'POST', url: URL, payload });
	expect(response.statusCode).toBe(400);
	expect(errorSchema.parse(response.json()).error.param).toContain(param);
	expect(worker.embedded).toHaveLength(1); // the probe
});

test('an input that is too long is named by its place in the request', async () => {
	const error = { message: "Too long: 'input[2]'.", param: 'input[2]', code: 'context_length_exceeded' };
	const { app } = await startGateway({ worker: refuses(400, error) });
	const post = async (input: unknown) => {
		const response = await app.inject({ method: 'POST', url: URL, payload: { model: 'fake', input } });
		return [response.statusCode, response.json().error.code, response.json().error.param];
	};
	expect(await post(['a', 'b', 'c'])).toEqual([400, 'context_length_exceeded', 'input[2]']);
	expect(await post('a')).toEqual([400, 'context_length_exceeded', 'input']);
	expect(app.running.size).toBe(0);
});

test('a model that generates text makes no embeddings, and the other way round', async () => {
	const generator = await startGateway();
	const refused = await generator.app.inject({ method: 'POST', url: URL, payload: { model: 'fake', input: 'a' } });
	expect([refused.statusCode, refused.json().error.param]).toEqual([400, 'model']);
	expect(refused.json().error.message).toContain('makes no embeddings');

	const embedder = await startGateway({ worker: EMBEDDER });
	for (const [url, payload] of [
		['/v1/chat/completions', CHAT],
		['/v1/completions', { model: 'fake', prompt: 'a' }],
		['/v1/responses', { model: 'fake', input: 'a' }],
		['/v1/messages', { ...CHAT, max_tokens: 5 }],
		['/api/chat', CHAT],
	] as const) {
		const response = await embedder.app.inject({ method: 'POST', url, payload });
		expect([url, response.statusCode]).toEqual([url, 400]);
		expect(response.body).toContain('/v1/embeddings');
	}
	const tokens = await embedder.app.inject({ method: 'POST', url: '/tokenize', payload: { content: 'a' } });
	expect(tokens.statusCode).toBe(200);
});

test('no other model stands in for one that makes embeddings: its vectors would mean something else', async () => {
	const spare = await startFake(EMBEDDER);
	const { app, pool, worker } = await startGateway({
		worker: EMBEDDER,
		pool: {
			models: { spare: { aliases: [], workers: 0, remotes: [remoteAt(spare.endpoint)] } },
			fallbacks: { fake: ['spare'] },
		},
	});
	pool.operate('drain', worker.endpoint);
	const post = (model: string) => app.inject({ method: 'POST', url: URL, payload: { model, input: 'a' } });
	expect((await post('spare')).statusCode).toBe(200);
	const refused = await post('fake');
	expect([refused.statusCode, refused.json().error.code]).toEqual([503, 'overloaded']);
});

test('limits count the tokens of inputs, and the place is given back', async () => {
	const config = { ...TWO_KEYS, limits: { tokensPerMinute: 1000, concurrentRequests: 1 } };
	const { app } = await startGateway({ worker: EMBEDDER, config });
	const post = (key: string, input: unknown) =>
		app.inject({ method: 'POST', url: URL, headers: bearer(key), payload: { model: 'fake', input } });
	expect((await post(KEY, 'a'.repeat(900))).statusCode).toBe(200);
	expect((await post(KEY, 'a'.repeat(900))).statusCode).toBe(429);
	expect((await post(OTHER_KEY, 'a')).headers['x-ratelimit-remaining-tokens']).toBeDefined();
	expect(app.running.size).toBe(0);
});

test('every embedding is counted', async () => {
	const { app } = await startGateway({ worker: EMBEDDER });
	await app.inject({ method: 'POST', url: URL, payload: { model: 'fake', input: ['ab', 'c'] } });
	const { body } = await app.inject({ url: '/metrics' });
	expect(body).toContain('retort_embeddings_total{model="fake"} 2');
	expect(body).toContain('retort_prompt_tokens_total{model="fake"} 3');
});

test("Ollama's client gets embeddings too, of inputs that are cut where they are too long", async () => {
	const { listen, worker } = await startGateway({ worker: EMBEDDER });
	const ollama = new Ollama({ host: await listen() });
	const made = await ollama.embed({ model: 'fake:latest', input: ['abc', 'd'] });
	expect(made.embeddings).toEqual([3, 1].map((length) => Array.from(fakeVector(length))));
	expect(made.prompt_eval_count).toBe(4);
	expect(worker.embedded.at(-1)?.truncate).toBe(true);
	await ollama.embed({ model: 'fake', input: 'abc', truncate: false });
	expect(worker.embedded.at(-1)?.truncate).toBe(false);
	expect((await ollama.embeddings({ model: 'fake', prompt: 'abc' })).embedding).toEqual(Array.from(fakeVector(3)));
	expect((await ollama.show({ model: 'fake' })).capabilities).toEqual(['embedding']);
});
