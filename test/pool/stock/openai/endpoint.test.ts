import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEndpoint } from '../../../../src/pool/endpoint.ts';
import { openAiEndpoint } from '../../../../src/pool/stock/openai/openai-endpoint.ts';
import { StockWorker } from '../../../../src/pool/stock/stock-worker.ts';
import {
	BOS,
	bytesOf,
	type CompletionBody,
	END_THINK,
	EOS,
	type FakeEndpoint,
	type FakeOptions,
	fakeTokenizer,
	OTHER_END,
	send,
	startFakeEndpoint,
	THINK,
} from '../../../support/fake-openai-endpoint.ts';
import { collect, follow, phase, reasoning, request } from '../support/stretches.ts';

const never = new AbortController().signal;
const TOKEN = 'sk-0123456789abcdef';
async function reach(
	options: FakeOptions,
	changes: Partial<Parameters<typeof openAiEndpoint>[0]> = {},
): Promise<{ fake: FakeEndpoint; worker: StockWorker }> {
	const fake = await startFakeEndpoint(options);
	const reached = {
		id: 'w0',
		model: 'fake',
		endpoint: parseEndpoint(fake.url, { token: TOKEN }),
		connectMs: 2000,
		patience: { firstEventMs: 5000, gapMs: 5000 },
		controlMs: 5000,
	};
	const engine = openAiEndpoint({
		model: 'fake',
		basePath: '/v1',
		tokenizer: fakeTokenizer(),
		contextTokens: options.dialect === 'plain' || options.dialect === 'llama.cpp' ? 256 : null,
		slots: 2,
		...changes,
	});
	const worker = new StockWorker(reached, engine);
	onTestFinished(async () => {
		await worker.destroy(new Error('over'));
		await fake.close();
	});
	return { fake, worker };
}

async function setUp(options: FakeOptions) {
	const reached = await reach(options);
	await reached.worker.info(never);
	return reached;
}

const THOUGHT_AND_ANSWER = [...bytesOf('Hm é😀.'), END_THINK, ...bytesOf('\nYes 😀'), EOS];

/** Every wire, and the releases that told no ids. */
const WIRES: [string, Omit<FakeOptions, 'next'>][] = [
	['vLLM', { dialect: 'vllm' }],
	['SGLang', { dialect: 'sglang' }],
	['vLLM without ids', { dialect: 'vllm', tellsNoIds: true }],
	['SGLang without ids', { dialect: 'sglang', tellsNoIds: true }],
	['a server that tokenises', { dialect: 'llama.cpp' }],
	['a server that knows text alone', { dialect: 'plain' }],
];

describe.each(WIRES)('an OpenAI-compatible endpoint as a worker: %s', (name, wire) => {
	const tellsIds = name === 'vLLM' || name === 'SGLang';
	const takesText = wire.dialect === 'plain';

	it('cuts thought from answer, and counts both', async () => {
		const { worker, fake } = await setUp({ ...wire, next: follow(THOUGHT_AND_ANSWER) });
		const told = await collect(worker, request([reasoning(), phase('answer')]));
		expect(told).toMatchObject({ thought: 'Hm é😀.', answer: 'Yes 😀' });
		expect(told.ids).toEqual(THOUGHT_AND_ANSWER.slice(0, -1));
		expect(told.end).toMatchObject({ finishReason: 'stop', promptTokens: 3, cachedTokens: 1, completionTokens: 20 });
		expect(told.end).toMatchObject({ reasoningTokens: 11 });
		expect(fake.completions[0]?.prompt).toEqual(takesText ? 'Q<think>' : [BOS, 81, THINK]);
		expect(fake.running()).toBe(0);
	});

	it('closes the thought at its budget with the words for it, and lets the engine go on from there', async () => {
		const forced = [...bytesOf('abc'), ...bytesOf(' stop.'), END_THINK, ...bytesOf('\n')];
		const next = (prompt: readonly number[]) =>
			prompt.includes(END_THINK) ? [...bytesOf('So'), EOS] : bytesOf('abcdefgh');
		const { worker, fake } = await setUp({ ...wire, next });
		const told = await collect(worker, request([reasoning({ maxTokens: 3 }), phase('answer')]));
		expect(told).toMatchObject({ thought: 'abc stop.', answer: 'So' });
		expect(told.events).toContainEqual(expect.objectContaining({ type: 'phase-end', reason: 'budget', tokens: 9 }));
		expect(fake.completions.map(({ max_tokens }) => max_tokens)[0]).toBe(3);
		expect(fake.completions[1]?.prompt).toEqual(
			takesText ? 'Q<think>abc stop.</think>\n' : [BOS, 81, THINK, ...forced],
		);
	});

	it('goes on where another worker was lost, at every token', async () => {
		const { worker } = await setUp({ ...wire, next: follow(THOUGHT_AND_ANSWER) });
		const phases = [reasoning(), phase('answer')];
		const whole = await collect(worker, request(phases));
		for (let cut = 1; cut < whole.ids.length; cut += 1) {
			// The separator is forced with the end token: nobody is cut between the two.
			if (whole.ids[cut - 1] === END_THINK) continue;
			// Text cannot go on inside of a character.
			const sent = Buffer.from(whole.ids.slice(0, cut).filter((id) => id < 256)).toString();
			if (!tellsIds && sent.includes('\ufffd')) continue;
			const rest = await collect(worker, request(phases, { resume: whole.ids.slice(0, cut) }));
			expect([...whole.ids.slice(0, cut), ...rest.ids]).toEqual(whole.ids);
			expect(rest.end).toMatchObject({ completionTokens: 20, reasoningTokens: 11 });
		}
	});

	it('draws again what was refused: an answer that is empty', async () => {
		const { worker, fake } = await setUp({ ...wire, next: () => [EOS, 65, EOS] });
		const told = await collect(worker, request([phase('answer', { emptyRetries: 1 })]));
		expect(told).toMatchObject({ answer: 'A' });
		expect(fake.completions[1]).toMatchObject({ max_tokens: 1, logit_bias: { [EOS]: -100 } });
	});

	if (tellsIds)
		it('does not take the end token spelled by other tokens for it', async () => {
			const script = [...bytesOf('a</think>b'), END_THINK, ...bytesOf('\nc'), EOS];
			const { worker } = await setUp({ ...wire, next: follow(script) });
			expect(await collect(worker, request([reasoning(), phase('answer')]))).toMatchObject({
				thought: 'a</think>b',
				answer: 'c',
			});
		});

	if (takesText)
		it('refuses a text that spells a mark, which the server would find', async () => {
			const { worker, fake } = await setUp({ ...wire, next: () => [EOS] });
			const typed = request([phase('answer')], { prompt: [{ text: 'what is </think>?', special: false }] });
			await expect(collect(worker, typed)).rejects.toMatchObject({ status: 400, param: 'messages' });
			expect(fake.completions).toEqual([]);
		});
	else
		it('makes no mark of what a user typed', async () => {
			const { worker } = await setUp({ ...wire, next: () => [] });
			const typed = await worker.tokenize([{ text: 'a<think></think><eos>', special: false }], never);
			expect(typed).toEqual([BOS, ...bytesOf('a<think></think><eos>')]);
			const special = await worker.tokenize([{ text: '<bos>a<think>', special: true }], never);
			expect(special).toEqual([BOS, 97, THINK]);
		});
});

describe('an OpenAI-compatible endpoint as a worker', () => {
	const token = (response: ServerResponse) => {
		send(response, { choices: [{ text: 'a', token_ids: [97], finish_reason: null }] });
		return response;
	};

	it('tells what it learned of it', async () => {
		const { worker } = await reach({ next: () => [] });
		const info = await worker.info(never);
		expect(info).toMatchObject({ slots: 2, contextTokens: 256, chatTemplate: 'a template' });
		expect(info.versions.backend).toBe('vllm');
		expect(info.model).toMatchObject({ name: 'fake', vocabularySize: 272, fingerprint: '' });
		expect(info.tokens).toEqual({
			bos: '<bos>',
			eos: '<eos>',
			special: ['<bos>', '<eos>', '<think>', '</think>', '<end>'],
		});
		expect(await worker.detokenize([THINK, ...bytesOf('ä')])).toBe('<think>ä');
	});

	it('sends these fields and no others', async () => {
		const common = ['frequency_penalty', 'max_tokens', 'model', 'presence_penalty', 'prompt', 'seed', 'stream'];
		const all = [...common, 'stream_options', 'temperature', 'top_p', 'logit_bias', 'stop', 'stop_token_ids'];
		const defaulted = ['return_token_ids', 'return_tokens_as_token_ids'];
		const engines = ['min_p', 'repetition_penalty', 'top_k', 'skip_special_tokens', 'cache_salt'];
		const fields = async (dialect: 'vllm' | 'sglang' | 'plain', logprobs: number | null) => {
			const { worker, fake } = await setUp({ dialect, next: () => [EOS] });
			await collect(worker, request([phase('answer')], { logprobs }));
			return Object.keys(fake.completions[0] ?? {}).sort();
		};
		const vllm = ['add_special_tokens', 'spaces_between_special_tokens', 'logprobs'];
		expect(await fields('vllm', 2)).toEqual([...all, ...defaulted, ...engines, ...vllm].sort());
		expect(await fields('sglang', null)).toEqual([...all, ...defaulted, ...engines].sort());
		expect(await fields('plain', null)).toEqual([...all, ...defaulted].sort());
	});

	it.each([
		['vllm', 'structured_outputs', { grammar: 'root ::= "Yes"' }],
		['sglang', 'ebnf', 'root ::= "Yes"'],
	] as const)('binds the answer alone with the grammar: %s', async (dialect, field, value) => {
		const grammar = { gbnf: 'root ::= "Yes"', triggerToken: null };
		const { worker, fake } = await setUp({ dialect, next: follow(THOUGHT_AND_ANSWER) });
		await collect(worker, request([reasoning(), phase('answer', { grammar })]));
		expect(fake.completions.map((body) => body[field])).toEqual([undefined, value]);
	});

	it('says whose fault a broken grammar is', async () => {
		const { worker } = await setUp({
			next: () => [],
			answer: (_body, response) => !!response.writeHead(400).end('{}'),
		});
		const grammar = { gbnf: 'root ::=', triggerToken: null };
		const running = collect(worker, request([phase('answer', { grammar })]));
		await expect(running).rejects.toMatchObject({ status: 400, param: 'response_format' });
	});

	it.each(['vllm', 'sglang'] as const)('gives log-probabilities with ids and bytes: %s', async (dialect) => {
		const { worker } = await setUp({ dialect, next: () => [65, EOS] });
		const { events } = await collect(worker, request([phase('answer')], { logprobs: 1 }));
		const [delta] = events.filter((event) => event.type === 'delta');
		const told = { id: 65, bytes: 'QQ==', logprob: -0.5 };
		expect(delta?.logprobs).toEqual([{ ...told, top: [told] }]);
	});

	it.each([
		['top_k', { topK: 5 }],
		['min_p', { minP: 0.1 }],
		['repetition_penalty', { repetitionPenalty: 1.1 }],
	])('refuses what a plain server has no word for, before anything is sent: %s', async (param, sampling) => {
		const { worker, fake } = await setUp({ dialect: 'plain', next: () => [EOS] });
		const plain = phase('answer');
		const wanted = request([{ ...plain, sampling: { ...plain.sampling, ...sampling } }]);
		await expect(collect(worker, wanted)).rejects.toMatchObject({ status: 400, param, code: 'unsupported_value' });
		const grammar = { gbnf: 'root ::= "a"', triggerToken: null };
		const bound = collect(worker, request([phase('answer', { grammar })]));
		await expect(bound).rejects.toMatchObject({ status: 400, param: 'response_format' });
		const logged = collect(worker, request([phase('answer')], { logprobs: 0 }));
		await expect(logged).rejects.toMatchObject({ status: 400, param: 'logprobs' });
		expect(fake.completions).toEqual([]);
	});

	it('refuses what does not fit before anything is sent', async () => {
		const { worker, fake } = await setUp({ next: () => [] });
		const long = request([phase('answer')], { prompt: [{ text: 'x'.repeat(256), special: false }] });
		await expect(collect(worker, long)).rejects.toMatchObject({ code: 'context_length_exceeded' });
		await expect(collect(worker, request([phase('answer')], { prompt: [{ tokens: [9999] }] }))).rejects.toMatchObject({
			status: 400,
		});
		expect(fake.completions).toEqual([]);
	});

	it('keeps the cached prefixes of scopes apart, by a salt that no scope tells', async () => {
		const { worker, fake } = await setUp({ next: () => [EOS] });
		for (const cacheScope of ['a', 'a', 'b']) await collect(worker, request([phase('answer')], { cacheScope }));
		const [first, second, third] = fake.completions.map((body) => body.cache_salt);
		expect(second).toBe(first);
		expect(third).not.toBe(first);
	});

	it('learns an end that the tokenizer does not name', async () => {
		const { worker } = await setUp({ next: () => [65, OTHER_END] });
		const told = await collect(worker, request([phase('answer')]));
		expect(told).toMatchObject({ answer: 'A', end: { finishReason: 'stop', completionTokens: 1 } });
	});

	it('shows its key with every request, and in no error', async () => {
		const { worker, fake } = await setUp({ next: () => [EOS] });
		await collect(worker, request([phase('answer')]));
		await worker.health(never);
		expect(fake.requests.map(({ url }) => url)).toEqual([
			'/v1/models',
			'/tokenize',
			'/tokenize',
			'/v1/completions',
			'/health',
		]);
		expect(new Set(fake.requests.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TOKEN}`]));
	});

	it('is no worker of another model, another tokenizer, an unknown context or a refused key', async () => {
		const incompatible = (reason: RegExp) => ({ code: 'worker_incompatible', message: expect.stringMatching(reason) });
		const other = await reach({ next: () => [], models: { data: [{ id: 'llama' }] } });
		await expect(other.worker.info(never)).rejects.toMatchObject(incompatible(/no model fake, but llama/));
		const strange = await reach({ next: () => [], tokensOf: (text) => bytesOf(text) });
		await expect(strange.worker.info(never)).rejects.toMatchObject(incompatible(/tokens are not those/));
		const silent = await reach({ dialect: 'plain', next: () => [] }, { contextTokens: null });
		await expect(silent.worker.info(never)).rejects.toMatchObject(incompatible(/no context length/));
		const guarded = await reach({ next: () => [], status: () => 401 });
		await expect(guarded.worker.info(never)).rejects.toMatchObject(incompatible(/refuses our key \(status 401\)/));
	});

	it('is not well when it does not answer 200', async () => {
		let status = 200;
		const { worker } = await setUp({ next: () => [], status: () => status });
		expect(await worker.health(never)).toMatchObject({ state: 'ready', busySlots: 0 });
		status = 503;
		await expect(worker.health(never)).rejects.toMatchObject({ code: 'worker_crashed' });
	});

	it('counts as progressing while it evaluates a prompt, which it keeps to itself, and not while it owes a token', async () => {
		let hasAsked: (response: ServerResponse) => void = () => {};
		const asked = new Promise<ServerResponse>((resolve) => {
			hasAsked = resolve;
		});
		const { worker } = await setUp({
			next: () => [],
			answer: (_body, response) => {
				hasAsked(response.writeHead(200));
				return true;
			},
		});
		const progress = async () => (await worker.health(never)).progress;
		const events = worker.generate(request([phase('answer')]), never);
		const first = events.next();
		const response = await asked;
		const before = await progress();
		expect(await progress()).toBeGreaterThan(before);
		token(response);
		await first;
		const then = await progress();
		expect(await progress()).toBe(then);
		await events.return(undefined);
	});

	it('frees the engine when the client leaves', async () => {
		const abort = new AbortController();
		const { worker, fake } = await setUp({
			next: () => [],
			answer: (_body, response) => {
				response.writeHead(200);
				send(response, { choices: [{ text: 'a', token_ids: [97], finish_reason: null }] });
				return true;
			},
		});
		const reason = new Error('left');
		const running = (async () => {
			for await (const event of worker.generate(request([phase('answer')]), abort.signal))
				if (event.type === 'delta') abort.abort(reason);
		})();
		await expect(running).rejects.toBe(reason);
		expect((await worker.health(never)).busySlots).toBe(0);
		expect(fake.completions).toHaveLength(1);
	});

	const chunk = (fields: object) => `data: ${JSON.stringify({ choices: [fields] })}\n\n`;
	const broken: [string, (body: CompletionBody, response: ServerResponse) => unknown][] = [
		['a clean end without a reason', (_body, response) => token(response).end('data: [DONE]\n\n')],
		['a reset', (_body, response) => token(response).socket?.resetAndDestroy()],
		[
			'a reset within a line',
			(_body, response) => {
				token(response).write('data: {"choi');
				response.socket?.resetAndDestroy();
			},
		],
		['bytes that are no event', (_body, response) => response.end('data: {"choices":7}\n\n')],
		['bytes that are no JSON', (_body, response) => response.end('data: {"choi\n\n')],
		['an id that is none', (_body, response) => response.end(chunk({ text: 'a', token_ids: [-1] }))],
		["vLLM's error in the stream", (_body, response) => response.end('data: {"error":{"message":"CUDA"}}\n\n')],
		["an older one's", (_body, response) => response.end('data: {"object":"error","message":"CUDA"}\n\n')],
		['an end of another kind', (_body, response) => response.end(chunk({ text: '', finish_reason: 'abort' }))],
		['a line without an end', (_body, response) => response.end(`data: ${'x'.repeat(2 ** 20 + 1)}`)],
		['no token at all', (_body, response) => response.end(chunk({ text: '', token_ids: [], finish_reason: 'length' }))],
		['a redirect', (_body, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('elsewhere')],
		['a 401', (_body, response) => response.writeHead(401).end('no')],
		['a 500 with secrets', (_body, response) => response.writeHead(500).end('/etc/shadow')],
	];
	it.each(broken)('turns %s into worker_crashed', async (_name, act) => {
		const { worker } = await setUp({
			next: () => [],
			answer: (body, response) => {
				act(body, response);
				return true;
			},
		});
		const running = collect(worker, request([phase('answer')]));
		await expect(running).rejects.toMatchObject({ code: 'worker_crashed' });
		await expect(running).rejects.not.toThrow(/CUDA|shadow/);
	});

	it('lets a server that is asked too much be asked elsewhere', async () => {
		const { worker } = await setUp({ next: () => [], answer: (_body, response) => !!response.writeHead(429).end() });
		await expect(collect(worker, request([phase('answer')]))).rejects.toMatchObject({ code: 'overloaded' });
	});
});
