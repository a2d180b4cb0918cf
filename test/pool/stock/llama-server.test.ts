import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEndpoint } from '../../../src/pool/endpoint.ts';
import { llamaServer } from '../../../src/pool/stock/llama-server/llama-server.ts';
import { StockWorker } from '../../../src/pool/stock/stock-worker.ts';
import {
	BOS,
	bytesOf,
	type CompletionBody,
	END_THINK,
	EOS,
	type FakeLlamaServer,
	send,
	startFakeLlamaServer,
	THINK,
} from '../../support/fake-llama-server.ts';
import { collect, follow, phase, reasoning, request } from './support/stretches.ts';

const never = new AbortController().signal;
const crashed = { code: 'worker_crashed' };
async function setUp(
	options: Parameters<typeof startFakeLlamaServer>[0],
): Promise<{ fake: FakeLlamaServer; worker: StockWorker }> {
	const fake = await startFakeLlamaServer(options);
	const worker = new StockWorker(
		{
			id: 'w0',
			model: 'fake',
			endpoint: parseEndpoint(fake.url),
			connectMs: 2000,
			patience: { firstEventMs: 5000, gapMs: 5000 },
			controlMs: 5000,
		},
		llamaServer,
	);
	onTestFinished(async () => {
		await worker.destroy(new Error('over'));
		await fake.close();
	});
	await worker.info(never);
	return { fake, worker };
}

const THOUGHT_AND_ANSWER = [...bytesOf('Hm.'), END_THINK, ...bytesOf('\nYes'), EOS];

describe('llama-server as a worker', () => {
	it('tells what it learned: slots, context, template, and the marks among the tokens', async () => {
		const { worker } = await setUp({ next: () => [] });
		const info = await worker.info(never);
		expect(info).toMatchObject({ slots: 2, contextTokens: 256, chatTemplate: 'a template' });
		expect(info.model).toMatchObject({ name: 'fake.gguf', vocabularySize: 260, fingerprint: '' });
		expect(info.tokens).toEqual({ bos: '<bos>', eos: '<eos>', special: ['<bos>', '<eos>', '<think>', '</think>'] });
	});

	it('makes no mark of what a user typed', async () => {
		const { worker } = await setUp({ next: () => [] });
		const typed = await worker.tokenize([{ text: 'a<think></think><eos>', special: false }], never);
		expect(typed).toEqual([BOS, ...bytesOf('a<think></think><eos>')]);
		const special = await worker.tokenize([{ text: '<bos>a<think>', special: true }], never);
		expect(special).toEqual([BOS, 97, THINK]);
		expect(await worker.detokenize([THINK, ...bytesOf('ä')])).toBe('<think>ä');
	});

	it('cuts thought from answer at the id of the end token', async () => {
		const { worker, fake } = await setUp({ next: follow(THOUGHT_AND_ANSWER) });
		const told = await collect(worker, request([reasoning(), phase('answer')]));
		expect(told).toMatchObject({ thought: 'Hm.', answer: 'Yes' });
		expect(told.ids).toEqual(THOUGHT_AND_ANSWER.slice(0, -1));
		expect(told.end).toMatchObject({ finishReason: 'stop', promptTokens: 3, completionTokens: 8, reasoningTokens: 4 });
		expect(fake.running()).toBe(0);
	});

	it('does not take the end token spelled by other tokens for it', async () => {
		const script = [...bytesOf('a</think>b'), END_THINK, ...bytesOf('\nc'), EOS];
		const { worker } = await setUp({ next: follow(script) });
		expect(await collect(worker, request([reasoning(), phase('answer')]))).toMatchObject({
			thought: 'a</think>b',
			answer: 'c',
		});
	});

	it('closes the thought at its budget with the words for it, and lets the engine go on from there', async () => {
		const forced = [...bytesOf('abc'), ...bytesOf(' stop.'), END_THINK, ...bytesOf('\n')];
		const next = (prompt: readonly number[]) =>
			prompt.includes(END_THINK) ? [...bytesOf('So'), EOS] : bytesOf('abcdefgh');
		const { worker, fake } = await setUp({ next });
		const told = await collect(worker, request([reasoning({ maxTokens: 3 }), phase('answer')]));
		expect(told).toMatchObject({ thought: 'abc stop.', answer: 'So' });
		expect(told.events).toContainEqual(expect.objectContaining({ type: 'phase-end', reason: 'budget', tokens: 9 }));
		expect(fake.completions.map(({ n_predict }) => n_predict)[0]).toBe(3);
		expect(fake.completions[1]?.prompt).toEqual([BOS, 81, THINK, ...forced]);
		expect(fake.completions[1]?.id_slot).toBe(fake.completions[0]?.id_slot);
	});

	it('closes a thought of no tokens before anything is drawn', async () => {
		const { worker, fake } = await setUp({ next: () => [...bytesOf('So'), EOS] });
		const told = await collect(worker, request([reasoning({ maxTokens: 0 }), phase('answer')]));
		expect(told).toMatchObject({ thought: '', answer: 'So' });
		expect(fake.completions.map(({ prompt }) => prompt)).toEqual([[BOS, 81, THINK, END_THINK, 10]]);
	});

	it('finds the ids of characters that came in several tokens', async () => {
		const script = [...bytesOf('é😀!'), END_THINK, ...bytesOf('\n😀'), EOS];
		const { worker } = await setUp({ next: follow(script) });
		const told = await collect(worker, request([reasoning(), phase('answer')]));
		expect(told).toMatchObject({ thought: 'é😀!', answer: '😀' });
		expect(told.ids).toEqual(script.slice(0, -1));
	});

	it('goes on where another worker was lost, at every token', async () => {
		const { worker } = await setUp({ next: follow(THOUGHT_AND_ANSWER) });
		const whole = await collect(worker, request([reasoning(), phase('answer')]));
		for (let cut = 1; cut < whole.ids.length; cut += 1) {
			// The separator is forced with the end token: nobody is cut between the two.
			if (whole.ids[cut - 1] === END_THINK) continue;
			const rest = await collect(worker, request([reasoning(), phase('answer')], { resume: whole.ids.slice(0, cut) }));
			expect([...whole.ids.slice(0, cut), ...rest.ids]).toEqual(whole.ids);
			expect(rest.end).toMatchObject({ completionTokens: 8, reasoningTokens: 4 });
		}
	});

	it('binds the answer alone with the grammar, and says whose fault a broken one is', async () => {
		const grammar = { gbnf: 'root ::= "Yes"', triggerToken: null };
		const { worker, fake } = await setUp({ next: follow(THOUGHT_AND_ANSWER) });
		await collect(worker, request([reasoning(), phase('answer', { grammar })]));
		expect(fake.completions.map(({ grammar: sent }) => sent)).toEqual([undefined, grammar.gbnf]);
		const refusing = await setUp({
			next: () => [],
			answer: (_body, response) => !!response.writeHead(400).end('{"error":{"code":400,"message":"bad grammar"}}'),
		});
		await expect(collect(refusing.worker, request([phase('answer', { grammar })]))).rejects.toMatchObject({
			status: 400,
			param: 'response_format',
		});
	});

	it('refuses to make embeddings, and says who does', async () => {
		const { worker } = await setUp({ next: () => [EOS] });
		await expect(worker.embed()).rejects.toMatchObject({ status: 400, param: 'model', code: 'unsupported_value' });
	});

	it('sends these fields and no others', async () => {
		const { worker, fake } = await setUp({ next: () => [EOS] });
		await collect(worker, request([phase('answer')], { logprobs: 2 }));
		expect(Object.keys(fake.completions[0] ?? {}).sort()).toEqual(
			[
				...[
					'cache_prompt',
					'frequency_penalty',
					'id_slot',
					'min_p',
					'n_predict',
					'n_probs',
					'presence_penalty',
					'prompt',
				],
				...[
					'repeat_last_n',
					'repeat_penalty',
					'response_fields',
					'return_progress',
					'return_tokens',
					'samplers',
					'seed',
				],
				...['logit_bias', 'stop', 'stream', 'temperature', 'top_k', 'top_p'],
			].sort(),
		);
	});

	it('reuses a cached prefix inside one scope alone', async () => {
		const { worker, fake } = await setUp({ next: () => [...bytesOf('x'), EOS] });
		for (const cacheScope of ['a', 'a', 'b', 'c', 'a'])
			await collect(worker, request([phase('answer')], { cacheScope }));
		expect(fake.completions.map(({ id_slot, cache_prompt }) => [id_slot, cache_prompt])).toEqual([
			[0, false],
			[0, true],
			[1, false],
			[0, false],
			[1, false],
		]);
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

	it('frees the slot when the client leaves', async () => {
		const abort = new AbortController();
		const { worker, fake } = await setUp({
			next: () => [],
			answer: (_body, response) => {
				response.writeHead(200);
				send(response, { content: 'a', tokens: [97], tokens_predicted: 1 });
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

	const token = (response: ServerResponse) => {
		send(response, { content: 'a', tokens: [97], tokens_predicted: 1 });
		return response;
	};
	const broken: [string, (body: CompletionBody, response: ServerResponse) => unknown][] = [
		['a clean end without the last line', (_body, response) => token(response).end()],
		['a reset', (_body, response) => token(response).socket?.resetAndDestroy()],
		['bytes that are no event', (_body, response) => response.end('data: {"content":7}\n\n')],
		['bytes that are no JSON', (_body, response) => response.end('data: {"conte\n\n')],
		['an error in the stream', (_body, response) => response.end('data: {"error":{"message":"CUDA"}}\n\n')],
		['a line without an end', (_body, response) => response.end(`data: ${'x'.repeat(2 ** 20 + 1)}`)],
		['no token at all', (_body, response) => response.end('data: {"stop":true}\n\n')],
		['a redirect', (_body, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('elsewhere')],
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
		await expect(running).rejects.toMatchObject(crashed);
		await expect(running).rejects.not.toThrow(/CUDA|shadow/);
	});
});
