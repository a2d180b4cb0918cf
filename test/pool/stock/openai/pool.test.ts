import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { configSchema } from '../../../../src/config/schema.ts';
import { shuttingDown } from '../../../../src/errors.ts';
import { WorkerPool } from '../../../../src/pool/worker-pool.ts';
import type { WorkerEvent } from '../../../../src/protocol/worker-api.ts';
import {
	bytesOf,
	EOS,
	type FakeEndpoint,
	type FakeOptions,
	fakeTokenizer,
	send,
	startFakeEndpoint,
} from '../../../support/fake-openai-endpoint.ts';
import { generateRequest } from '../../../support/generate-request.ts';

const quiet = () => {};
const TEXT = 'one two three';
async function poolOf(...fakes: FakeEndpoint[]): Promise<WorkerPool> {
	const { queue, workers } = configSchema.parse({});
	const engine = () => ({
		kind: 'openai' as const,
		model: 'fake',
		tokenizer: fakeTokenizer(),
		contextTokens: 256,
		slots: 2,
	});
	const remotes = fakes.map(({ url }) => ({
		where: { type: 'url' as const, url },
		refreshMs: 1000,
		token: null,
		tls: null,
		engine: engine(),
	}));
	let left = fakes.length;
	await new Promise<void>((resolve) => {
		const settled = () => --left === 0 && resolve();
		const pool = new WorkerPool({
			models: { fake: { aliases: [], workers: 0, remotes } },
			spawn: () => ({ command: 'false', args: [], env: {} }),
			queue,
			workers,
			log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
			observer: { workerReady: settled, workerRefused: settled },
		});
		onTestFinished(() => pool.destroy(shuttingDown()));
		pool.start();
		last = pool;
	});
	return last;
}
let last: WorkerPool;

/** Answers from where the prompt ends, as a model at temperature 0 would. */
const script = (prompt: readonly number[]) => [...bytesOf(TEXT), EOS].slice(prompt.length - 2);

async function start(options: Partial<FakeOptions> = {}): Promise<FakeEndpoint> {
	const fake = await startFakeEndpoint({ next: script, ...options });
	onTestFinished(() => fake.close());
	return fake;
}

async function textOf(pool: WorkerPool, minP = 0): Promise<string> {
	const request = generateRequest('r', { prompt: [{ text: 'Q', special: false }], maxTokens: 100 });
	const phases = request.phases.map((phase) => ({ ...phase, maxTokens: null, sampling: { ...phase.sampling, minP } }));
	const events: WorkerEvent[] = [];
	const signal = new AbortController().signal;
	for await (const event of pool.generate({ model: 'fake', request: { ...request, phases }, signal, keyId: null }))
		events.push(event);
	return events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
}

it('a stream whose endpoint breaks goes on at another, at the same token', async () => {
	for (const at of [0, 1, 5, TEXT.length]) {
		let isBreaking = false;
		const breaksOnce = (body: { prompt: string | number[]; max_tokens: number }, response: ServerResponse) => {
			if (!isBreaking || body.max_tokens === 1) return false;
			isBreaking = false;
			response.writeHead(200);
			for (const id of bytesOf(TEXT).slice(0, at))
				send(response, { choices: [{ text: String.fromCharCode(id), token_ids: [id], finish_reason: null }] });
			response.write('data: {"choi', () => response.socket?.resetAndDestroy());
			return true;
		};
		const [one, other] = [await start({ answer: breaksOnce }), await start({ answer: breaksOnce })];
		const pool = await poolOf(one, other);
		isBreaking = true;
		expect(await textOf(pool)).toBe(TEXT);
		expect(isBreaking).toBe(false);
	}
});

it('an endpoint of another tokenizer is refused with the reason, and the other serves', async () => {
	const pool = await poolOf(await start(), await start({ tokensOf: bytesOf }));
	expect(await textOf(pool)).toBe(TEXT);
	const troubles = pool.status().workers.map(({ state, trouble }) => ({ state, trouble }));
	expect(troubles).toEqual([
		{ state: 'ready', trouble: null },
		{ state: 'refused', trouble: expect.stringContaining('its tokens are not those') },
	]);
});

it('what one server has no word for runs on another that has, and is a 400 where none has', async () => {
	const plain = () => start({ dialect: 'llama.cpp' });
	const pool = await poolOf(await plain(), await plain(), await plain(), await plain(), await start());
	for (let round = 0; round < 5; round += 1) expect(await textOf(pool, 0.1)).toBe(TEXT);
	const refusal = { status: 400, param: 'min_p', code: 'unsupported_value' };
	await expect(textOf(await poolOf(await plain(), await plain()), 0.1)).rejects.toMatchObject(refusal);
});
