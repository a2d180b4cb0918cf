import { spawn } from 'node:child_process';
import { once } from 'node:events';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RetortServer, startRetort } from '../support/retort-server.ts';
import { streamChat, sumQuestion } from '../support/stream-chat.ts';

let server: RetortServer;

beforeAll(async () => {
	server = await startRetort(['--workers', '2', '--slots', '2']);
});

afterAll(() => server.stop());

const QUESTION = { role: 'user', content: 'What is 17+25?' } as const;

/** Sum of a metric over its labels. */
async function metric(name: string): Promise<number> {
	const text = await (await fetch(`${server.url}/metrics`)).text();
	const values = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
	return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('the server as a newcomer meets it', () => {
	it('thinks, then answers, streamed through the openai client', async () => {
		const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
		const stream = await client.chat.completions.create({
			model: 'pocket-reasoner',
			messages: [QUESTION],
			temperature: 0,
			stream: true,
			stream_options: { include_usage: true },
		});
		const order: string[] = [];
		let answer = '';
		let reasoningTokens = 0;
		for await (const chunk of stream) {
			const delta = chunk.choices[0]?.delta;
			if (delta && 'reasoning_content' in delta) order.push('reasoning');
			if (delta?.content) order.push('content');
			answer += delta?.content ?? '';
			reasoningTokens = chunk.usage?.completion_tokens_details?.reasoning_tokens ?? reasoningTokens;
		}
		expect(answer).toContain('42');
		expect(reasoningTokens).toBeGreaterThan(0);
		expect(order.indexOf('reasoning')).toBe(0);
		expect(order.lastIndexOf('reasoning')).toBeLessThan(order.indexOf('content'));
	});

	it('gives the same answer whole', async () => {
		const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
		const { choices, usage } = await client.chat.completions.create({
			model: 'pocket-reasoner',
			messages: [QUESTION],
			temperature: 0,
		});
		expect(choices[0]?.message).toMatchObject({
			content: '17 + 25 = 42',
			reasoning_content: expect.stringContaining('42'),
		});
		expect(usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
	});

	it('prints a banner whose last line works when pasted', async () => {
		const line = server.banner.trim().split('\n').at(-1) ?? '';
		expect(server.banner).toContain(
			'pocket-reasoner: 1.7M parameters, 2 workers x 2 slots x 4096 tokens, 1 thread, always reasons',
		);
		expect(server.banner).toContain('no API keys: open to this machine only');
		const shell = spawn('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'] });
		let output = '';
		shell.stdout.setEncoding('utf8').on('data', (text: string) => {
			output += text;
		});
		await once(shell, 'close');
		expect(output).toMatch(/^data: \{/);
		expect(output.trimEnd()).toMatch(/data: \[DONE\]$/);
	});

	it('serves more streams than it has slots: all complete, none mixed up, nothing held after', async () => {
		const queuedBefore = await metric('retort_queue_wait_seconds_count');
		const sums = Array.from({ length: 16 }, (_, index) => ({ left: 11 + index, right: 70 - 3 * index }));
		const outcomes = await Promise.all(sums.map(({ left, right }) => streamChat(server.url, sumQuestion(left, right))));
		for (const [index, { left, right }] of sums.entries()) {
			expect(outcomes[index]).toMatchObject({ finishReason: 'stop', sawDone: true, error: null });
			expect(outcomes[index]?.reasoning).toContain(`${left}+${right}`);
			expect(outcomes[index]?.content).toContain(`${left} + ${right} =`);
		}
		expect(new Set(outcomes.map(({ content }) => content)).size).toBe(sums.length);
		expect(await metric('retort_queue_wait_seconds_count')).toBe(queuedBefore + sums.length);
		expect(await metric('retort_queue_wait_seconds_sum')).toBeGreaterThan(0);
		await expect.poll(() => metric('retort_slots_busy')).toBe(0);
		expect(await metric('retort_queue_length')).toBe(0);
	});

	it('says what is wrong in the envelope that clients read', async () => {
		const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
		const long = 'What is 17+25? '.repeat(2000);
		await expect(
			client.chat.completions.create({ model: 'pocket-reasoner', messages: [{ role: 'user', content: long }] }),
		).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
		await expect(client.chat.completions.create({ model: 'gpt-none', messages: [QUESTION] })).rejects.toMatchObject({
			status: 404,
			code: 'model_not_found',
		});
	});

	it('says neither prompts nor answers in its log', async () => {
		const marker = 'xylophone';
		await streamChat(server.url, { ...sumQuestion(1, 2), messages: [{ role: 'user', content: marker }] });
		await expect.poll(() => server.logs().some(({ msg }) => msg === 'generation ended')).toBe(true);
		expect(JSON.stringify(server.logs())).not.toContain(marker);
	});
});
